#include "cli/sweep_slurm.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "cli/processes.hpp"
#include "core/errors.hpp"

namespace troupe::cli {
namespace {

/// What sbatch reads of a path: no word of a shell, and '%' begins a field.
std::string for_sbatch(const std::string& path) {
  std::string text = "\"";
  for (const char c : path) text += c == '%' ? "%%" : std::string{c};
  return text + "\"";
}

struct Said {
  int status = 0;
  std::string text;
};

Said said_by(const std::string& command) {
  Said said;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw Error{"cannot start a shell"};
  std::array<char, 4096> chunk;
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), pipe))
    said.text.append(chunk.data(), got);
  const int raw = ::pclose(pipe);
  said.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 1;
  while (said.text.ends_with("\n")) said.text.pop_back();
  return said;
}

/// The number that sbatch --parsable prints, without the name of a cluster behind it.
std::string submitted(const std::string& arguments) {
  const auto said = said_by("sbatch --parsable " + arguments);
  if (said.status == 127)
    throw BadInput{"--slurm: there is no sbatch here: Slurm is not installed, or not in PATH"};
  if (said.status != 0) throw Error{fmt::format("--slurm: sbatch refused: {}", said.text)};
  const auto line = said.text.substr(said.text.rfind('\n') + 1);
  return line.substr(0, line.find(';'));
}

/// `fields`: what sbatch puts in, such as "%a".
std::string head(const std::string& name, std::string output, const std::string& fields = {}) {
  output = for_sbatch(output);
  output.insert(output.size() - 1, fields + ".txt");
  return fmt::format("#!/bin/sh\n#SBATCH --job-name={}\n#SBATCH --output={}\n", name, output);
}

std::string array_script(const SlurmJob& job, const std::string& folder) {
  return head("sweep", folder + "/slurm/", "%A_%a") +
         fmt::format(
             "#SBATCH --array=0-{}\nexec {} sweep {} --out {}{} --quiet --part "
             "\"$SLURM_ARRAY_TASK_ID/{}\" --jobs \"${{SLURM_CPUS_PER_TASK:-1}}\"\n",
             job.tasks - 1, shell_word(job.program), shell_word(job.sweep), shell_word(folder),
             job.reports ? " --reports" : "", job.tasks);
}

std::string gather_script(const SlurmJob& job, const std::string& folder) {
  return head("gather", folder + "/slurm/gather") +
         fmt::format("exec {} sweep {} --out {} --gather\n", shell_word(job.program),
                     shell_word(job.sweep), shell_word(folder));
}

std::string whole_path(const std::string& folder) {
  return std::filesystem::absolute(folder).lexically_normal().string();
}

}  // namespace

void write_scripts(const SlurmJob& job, const SweepFolder& folder) {
  const auto path = whole_path(folder.path());
  std::filesystem::create_directories(std::filesystem::path{path} / "slurm");
  folder.write("slurm/array.sh", array_script(job, path));
  folder.write("slurm/gather.sh", gather_script(job, path));
}

std::string submit(const SlurmJob& job, const std::string& folder) {
  const auto path = whole_path(folder);
  const auto array =
      submitted(fmt::format("{} {}", job.arguments, shell_word(path + "/slurm/array.sh")));
  const auto last = submitted(fmt::format("{} --dependency=afterany:{} {}", job.arguments, array,
                                          shell_word(path + "/slurm/gather.sh")));
  return fmt::format("{} and {}", array, last);
}

}  // namespace troupe::cli
