#pragma once
// The files of the page, put into the program when it is built (embed.cmake).

#include <string_view>

namespace troupe::analysis::assets {

extern const std::string_view html, css, javascript;
/// Chart.js, or empty where it was not found: the page then has tables instead of charts.
extern const std::string_view chart_js;

}  // namespace troupe::analysis::assets
