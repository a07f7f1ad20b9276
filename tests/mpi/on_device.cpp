#include "mpi/on_device.hpp"

#include <memory>
#include <utility>

namespace troupe::tests {

namespace {

/// Keeps the copy of a payload while its message needs it, and gives that of a room back.
class Copied final : public RequestObserver {
 public:
  explicit Copied(Buffer copy) : copy_{std::move(copy)} {}
  Copied(Buffer copy, Payload room) : copy_{std::move(copy)}, room_{room} {}
  void ended(const Completion*, Seconds, bool) noexcept override {
    if (room_.bytes > 0)
      room_.memory->write(room_.address, HostView{copy_}.slice().bytes().data(), room_.bytes);
  }

 private:
  Buffer copy_;
  Payload room_;
};

Buffer copy_of(const std::byte* address, std::size_t bytes, Memory& memory) {
  Buffer copy{bytes, Dtype::uint8, memory};
  memory.write(copy.slice().address(), address, bytes);
  return copy;
}

}  // namespace

bool OnDevice::moves(std::size_t bytes, bool is_phantom) {
  if (bytes == 0 || is_phantom) return false;
  return ends_ == Ends::all || (++messages_ + static_cast<unsigned>(rank())) % 2 == 0;
}

Request OnDevice::isend(Rank to, Tag tag, ConstPayload payload) {
  if (!moves(payload.bytes, payload.is_phantom())) return inner().isend(to, tag, payload);
  Buffer copy = copy_of(payload.address, payload.bytes, memory_);
  Request request = inner().isend(to, tag, copy.slice());
  request.observe(std::make_unique<Copied>(std::move(copy)));
  return request;
}
Request OnDevice::irecv(Rank from, Tag tag, Payload room) {
  if (!moves(room.bytes, room.is_phantom())) return inner().irecv(from, tag, room);
  Buffer copy = copy_of(room.address, room.bytes, memory_);
  Request request = inner().irecv(from, tag, copy.slice());
  request.observe(std::make_unique<Copied>(std::move(copy), room));
  return request;
}
Request OnDevice::spawn(Task task) {
  return inner().spawn(decorated<OnDevice>(std::move(task), std::ref(memory_), ends_));
}

}  // namespace troupe::tests
