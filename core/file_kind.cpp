#include "core/file_kind.hpp"

namespace troupe {
namespace {

struct Kind {
  const char* key;
  const char* what;
  const char *before, *after;  // the file's name, in what is done with it
};

constexpr Kind kinds[] = {
    {"troupe", "a scenario", "troupe run ", " runs it"},
    {"troupe_gpu_cluster", "a platform", "troupe platform show ", " shows it"},
    {"troupe_report", "a report", "troupe report ", " -o page.html shows it"},
    {"troupe_device", "a measured device", "--device ", " simulates with it"},
    {"troupe_sweep", "a sweep", "troupe sweep ", " --out FOLDER runs it"},
    {"troupe_tuning", "a table of troupe tune", "--algorithm tuned --tuning ", " uses it"},
    {"troupe_links", "what troupe calibrate measured", "its platform is the file of -o, not ", ""},
    {"troupe_validation", "a validation", "troupe validate wrote ", ""},
    {"troupe_measured_validation", "a validation", "troupe validate wrote ", ""}};

}  // namespace

std::string kind_of_file(const std::function<bool(const char* key)>& has, const std::string& file) {
  for (const Kind& kind : kinds)
    if (has(kind.key)) return std::string{kind.what} + " (" + kind.before + file + kind.after + ")";
  return {};
}

}  // namespace troupe
