#include "algorithms/horovod/negotiation.hpp"

#include <cstring>

namespace troupe::algorithms::horovod {

std::string_view name_of(ReduceOp op) noexcept {
  switch (op) {
    case ReduceOp::average: return "average";
    case ReduceOp::sum: return "sum";
    case ReduceOp::min: return "min";
    case ReduceOp::max: return "max";
    case ReduceOp::product: return "product";
    case ReduceOp::adasum: break;
  }
  return "adasum";
}
std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::allreduce: return "allreduce";
    case Kind::allgather: return "allgather";
    case Kind::broadcast: return "broadcast";
    case Kind::alltoall: return "alltoall";
    case Kind::reducescatter: return "reducescatter";
    case Kind::barrier: return "barrier";
    case Kind::join: return "join";
    case Kind::leave: break;
  }
  return "leave";
}
std::string title_of(const Announcement& what) {
  return std::string{name_of(what.kind)} + " \"" + what.name + '"';
}

namespace {

/// Values one after the other; texts and lists behind their lengths.
class Writer {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void operator()(const T& value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), first, first + sizeof value);
  }
  void operator()(const std::string& text) { all(text); }
  template <class T>
  void operator()(const std::vector<T>& list) {
    all(list);
  }
  std::vector<std::byte> bytes;

 private:
  template <class List>
  void all(const List& list) {
    (*this)(std::uint64_t{list.size()});
    for (const auto& one : list) (*this)(one);
  }
};

class Reader {
 public:
  explicit Reader(const std::vector<std::byte>& bytes) : bytes_{bytes} {}
  bool at_end() const { return at_ == bytes_.size(); }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void operator()(T& value) {
    EXPECTS(sizeof value <= bytes_.size() - at_, "a control message has all that it begins");
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
  }
  void operator()(std::string& text) { all(text); }
  template <class T>
  void operator()(std::vector<T>& list) {
    all(list);
  }

 private:
  template <class List>
  void all(List& list) {
    std::uint64_t size = 0;
    (*this)(size);
    list.resize(size);
    for (auto& one : list) (*this)(one);
  }
  const std::vector<std::byte>& bytes_;
  std::size_t at_ = 0;
};

/// The one list of what travels, for both ways.
template <class Through, class What>
void pass_announcement(Through& through, What& what) {
  through(what.kind), through(what.name), through(what.dtype), through(what.shape);
  through(what.phantom), through(what.op), through(what.prescale), through(what.postscale);
  through(what.root), through(what.group), through(what.group_size), through(what.complaint);
}
template <class Through, class What>
void pass_response(Through& through, What& response) {
  pass_announcement(through, response.what);
  through(response.names), through(response.sizes), through(response.verdict);
  through(response.reason);
}

}  // namespace

std::vector<std::byte> to_bytes(const std::vector<Announcement>& announcements) {
  Writer writer;
  for (const Announcement& one : announcements) pass_announcement(writer, one);
  return std::move(writer.bytes);
}
std::vector<std::byte> to_bytes(const std::vector<Response>& responses) {
  Writer writer;
  for (const Response& one : responses) pass_response(writer, one);
  return std::move(writer.bytes);
}
std::vector<Announcement> announcements_in(const std::vector<std::byte>& bytes) {
  std::vector<Announcement> announcements;
  for (Reader reader{bytes}; !reader.at_end();)
    pass_announcement(reader, announcements.emplace_back());
  return announcements;
}
std::vector<Response> responses_in(const std::vector<std::byte>& bytes) {
  std::vector<Response> responses;
  for (Reader reader{bytes}; !reader.at_end();) pass_response(reader, responses.emplace_back());
  return responses;
}

}  // namespace troupe::algorithms::horovod
