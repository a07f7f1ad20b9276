#include "core/request.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/errors.hpp"

namespace troupe {
namespace {

/// An operation of a backend that does nothing by itself and tells what becomes of it.
class ManualOperation final : public Operation {
 public:
  explicit ManualOperation(std::uint64_t sequence = 0) { renew(sequence); }
  void abandon() noexcept override { fate += "abandoned "; }
  void retire() noexcept override { fate += "retired"; }
  std::string fate;
};

class Witness final : public RequestObserver {
 public:
  Witness(std::string& story, std::string name) : story_{story}, name_{std::move(name)} {}
  void ended(const Completion* completion, Seconds, bool failed) noexcept override {
    story_ += name_ + (!completion ? " dropped;" : failed ? " failed;" : " complete;");
  }

 private:
  std::string& story_;
  std::string name_;
};

TEST(WaitSet, ReturnsTheFirstCompletedThenThePeerThenTheOrderOfIssue) {
  ManualOperation late{0}, peer_two{1}, peer_one{2}, peer_one_again{3};
  WaitSet set;
  for (ManualOperation* operation : {&late, &peer_two, &peer_one_again, &peer_one})
    set.add(Request{*operation});
  EXPECT_FALSE(set.has_ready());
  late.complete(0, 0, Seconds{2});
  peer_one_again.complete(1, 0, Seconds{1});
  peer_two.complete(2, 0, Seconds{1});
  peer_one.complete(1, 0, Seconds{1});
  EXPECT_EQ(set.take_ready().index, 3u);
  EXPECT_EQ(set.take_ready().index, 2u);
  EXPECT_EQ(set.take_ready().index, 1u);
  EXPECT_EQ(set.take_ready().index, 0u);
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(late.fate, "retired");
}

TEST(WaitSet, FindsWhatWasCompleteBefore) {
  ManualOperation done;
  done.complete(4, 12, Seconds{1});
  WaitSet set;
  set.put(5, Request{done});
  ASSERT_TRUE(set.has_ready());
  const Completion completion = set.take_ready();
  EXPECT_EQ(completion.index, 5u);
  EXPECT_EQ(completion.from, 4);
  EXPECT_EQ(completion.bytes, 12u);
}

TEST(WaitSet, RefusesASecondRequestAtAnIndex) {
  ManualOperation a, b;
  WaitSet set;
  set.put(2, Request{a});
  EXPECT_THROW(set.put(2, Request{b}), ContractViolation);
  EXPECT_THROW(set.add(Request{}), ContractViolation);
}

TEST(WaitSet, GivesRequestsBackCompleteOrNot) {
  ManualOperation done{0}, open{1}, other{2};
  WaitSet set;
  set.put(0, Request{done});
  set.put(1, Request{open});
  set.put(2, Request{other});
  done.complete(0, 0, Seconds{1});
  other.complete(0, 0, Seconds{2});
  const Request taken = set.take(0), also = set.take(1);
  EXPECT_TRUE(taken && also);
  EXPECT_EQ(set.take_ready().index, 2u);
  EXPECT_FALSE(set.has_ready());
}

TEST(WaitSet, ThrowsWhatARequestFailedWithAndForgetsIt) {
  ManualOperation bad;
  WaitSet set;
  set.add(Request{bad});
  bad.fail(1, std::make_exception_ptr(PeerLost{"gone"}), Seconds{1});
  EXPECT_THROW(set.take_ready(), PeerLost);
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(bad.fate, "retired");
}

TEST(WaitSet, DropsWhatIsLeftWhenItDies) {
  ManualOperation a;
  {
    WaitSet set;
    set.add(Request{a});
  }
  EXPECT_EQ(a.fate, "abandoned retired");
}

TEST(Request, TellsItsObserversHowItEnded) {
  std::string story;
  ManualOperation good, bad, dropped;
  WaitSet set;
  for (ManualOperation* operation : {&good, &bad}) {
    Request request{*operation};
    request.observe(std::make_unique<Witness>(story, "inner"));
    request.observe(std::make_unique<Witness>(story, "outer"));
    set.add(std::move(request));
  }
  good.complete(0, 0, Seconds{1});
  set.take_ready();
  EXPECT_EQ(story, "outer complete;inner complete;");
  story.clear();
  bad.fail(0, std::make_exception_ptr(Truncated{"long"}), Seconds{2});
  EXPECT_THROW(set.take_ready(), Truncated);
  EXPECT_EQ(story, "outer failed;inner failed;");
  story.clear();
  {
    Request request{dropped};
    request.observe(std::make_unique<Witness>(story, "it"));
  }
  EXPECT_EQ(story, "it dropped;");
  Request nothing;
  EXPECT_THROW(nothing.observe(std::make_unique<Witness>(story, "no")), ContractViolation);
}

TEST(Operation, CompletesOnce) {
  ManualOperation once;
  once.complete(0, 0, Seconds{1});
  EXPECT_THROW(once.complete(0, 0, Seconds{1}), ContractViolation);
}

}  // namespace
}  // namespace troupe
