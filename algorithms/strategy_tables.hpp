#pragma once
// The tables that strategies() joins, one in each folder of strategies
// (algorithms/<folder>/table.cpp). Not for strategies, nor for those who run them.

#include <span>

#include "algorithms/strategies.hpp"

namespace troupe::algorithms::strategy_tables {

std::span<const Strategy> data_parallel();
std::span<const Strategy> map_reduce();
std::span<const Strategy> parameter_server();
std::span<const Strategy> asynchronous_sgd();
std::span<const Strategy> work_stealing();
std::span<const Strategy> butterfly();
std::span<const Strategy> zero_gradient_sum();
std::span<const Strategy> consensus();
std::span<const Strategy> model_averaging();
std::span<const Strategy> parallel();
std::span<const Strategy> gossip();

}  // namespace troupe::algorithms::strategy_tables
