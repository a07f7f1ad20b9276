#include "scenarios/plugin_call.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <new>
#include <stdexcept>

#include "core/errors.hpp"

namespace troupe::scenarios {
namespace {

/// An error with more words. A plugin may have a class of its own, whose exit status stays.
template <class Kind>
class Named final : public Kind {
 public:
  Named(const std::string& where, const Kind& error)
      : Kind{where + error.what()}, exit_status_{error.exit_status()} {}
  int exit_status() const noexcept override { return exit_status_; }

 private:
  int exit_status_;
};

/// `error` as the first of the kinds that it is of.
template <class Kind, class... Others>
[[noreturn]] void throw_named(const std::string& where, const Error& error) {
  if (const auto* its_kind = dynamic_cast<const Kind*>(&error)) throw Named<Kind>{where, *its_kind};
  if constexpr (sizeof...(Others) > 0) throw_named<Others...>(where, error);
  else throw Named<Error>{where, error};
}

bool is_of_a_class(const std::type_info* type) {
  return dynamic_cast<const abi::__class_type_info*>(type) != nullptr;
}

}  // namespace

void call_plugin(const PluginAllreduce& plugin, Communicator& comm, Slice vector, Op op) {
  const auto where = [&] {
    return fmt::format("plugin's algorithm \"{}\" on rank {}: ", plugin.name, comm.rank());
  };
  try {
    plugin.run(comm, vector, op);
  } catch (const Deadlock&) {
    throw;
  } catch (const Error& error) {
    throw_named<BadScenario, BadPlatform, BadInput, Truncated, PeerLost, Diverged, BackendError>(
        where(), error);
  } catch (const ContractViolation& error) {
    throw ContractViolation{where() + error.what()};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw std::runtime_error{where() + error.what()};
  } catch (...) {
    if (is_of_a_class(abi::__cxa_current_exception_type())) throw;
    throw std::runtime_error{where() + "what was thrown is no std::exception"};
  }
}

}  // namespace troupe::scenarios
