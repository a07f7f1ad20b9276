#pragma once
// A number of things side by side that are never moved.

#include <cstddef>
#include <memory>
#include <utility>

namespace troupe::sim::loggp {

/// Room for things that are made one by one, at most as many as it was made for. The place of each
/// follows from its number: nothing has to be looked up.
template <class Thing>
class Row {
 public:
  explicit Row(std::size_t room) : things_{std::allocator<Thing>{}.allocate(room)}, room_{room} {}
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  ~Row() {
    std::destroy_n(things_, size_);
    std::allocator<Thing>{}.deallocate(things_, room_);
  }
  template <class... Arguments>
  Thing& add(Arguments&&... arguments) {
    Thing* const made = std::construct_at(things_ + size_, std::forward<Arguments>(arguments)...);
    ++size_;
    return *made;
  }
  Thing& operator[](std::size_t number) const noexcept { return things_[number]; }
  std::size_t size() const noexcept { return size_; }

 private:
  Thing* things_;
  std::size_t size_ = 0, room_;
};

}  // namespace troupe::sim::loggp
