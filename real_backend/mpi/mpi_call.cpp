#include "real_backend/mpi/mpi_call.hpp"

#include <array>
#include <climits>
#include <string>

#include "core/errors.hpp"

namespace troupe::mpi {

void check_call(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> words{};
  int length = 0;
  if (MPI_Error_string(code, words.data(), &length) != MPI_SUCCESS) length = 0;
  throw BackendError{std::string{call} +
                     " failed: " + std::string{words.data(), static_cast<std::size_t>(length)}};
}

Extent::Extent(std::size_t bytes) {
  if (bytes <= INT_MAX) {
    count_ = static_cast<int>(bytes);
    return;
  }
  constexpr std::size_t block = std::size_t{1} << 30;
  MPI_Datatype block_type = MPI_BYTE;
  check_call(MPI_Type_contiguous(static_cast<int>(block), MPI_BYTE, &block_type),
             "MPI_Type_contiguous");
  const std::size_t blocks = bytes / block;
  std::array<int, 2> lengths{static_cast<int>(blocks), static_cast<int>(bytes % block)};
  std::array<MPI_Aint, 2> places{0, static_cast<MPI_Aint>(blocks * block)};
  std::array<MPI_Datatype, 2> types{block_type, MPI_BYTE};
  check_call(MPI_Type_create_struct(2, lengths.data(), places.data(), types.data(), &type_),
             "MPI_Type_create_struct");
  check_call(MPI_Type_free(&block_type), "MPI_Type_free");
  check_call(MPI_Type_commit(&type_), "MPI_Type_commit");
  count_ = 1;
}
Extent::~Extent() {
  if (type_ != MPI_BYTE) MPI_Type_free(&type_);
}

std::size_t bytes_of(const MPI_Status& status) {
  int count = 0;
  MPI_Status copy = status;  // some declare it modifiable
  check_call(MPI_Get_count(&copy, MPI_BYTE, &count), "MPI_Get_count");
  if (count != MPI_UNDEFINED) return static_cast<std::size_t>(count);
  MPI_Count bytes = 0;  // more than an int holds
  check_call(MPI_Get_elements_x(&copy, MPI_BYTE, &bytes), "MPI_Get_elements_x");
  return static_cast<std::size_t>(bytes);
}

std::int64_t largest_tag() {
  void* value = nullptr;
  int known = 0;
  check_call(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &known), "MPI_Comm_get_attr");
  return known ? *static_cast<int*>(value) : 32767;  // what the standard promises
}

}  // namespace troupe::mpi
