# The commands of this project. `make help` lists them; .ci/run is `make test`.
# Variables: JOBS (compilers at once), CTEST (more options for ctest), SETUP=no (install nothing).
JOBS  ?= $(shell nproc 2>/dev/null || echo 2)
CTEST ?=
OUT   ?= out
PREFIX ?= /usr/local

# Ranks of MPI tests: as root in a container, and more of them than cores. Open MPI 4, then 5.
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1
export OMPI_MCA_rmaps_base_oversubscribe := 1
export PRTE_MCA_rmaps_default_mapping_policy := :oversubscribe
export CTEST_OUTPUT_ON_FAILURE := 1

ctest = .ci/ctest $(1) -j$(JOBS) $(2) $(CTEST)

.DEFAULT_GOAL := help
.PHONY: help setup setup-full build demo docs test netlab asan ubsan tsan tidy exhaustive written-once bench gpu fuzz headers install package clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install the Debian packages that are missing
	@[ "$(SETUP)" = no ] || .ci/setup
setup-full:  ## … and those that only optional commands need
	@.ci/setup full

build: setup build/dev/build.ninja  ## compile everything (build/dev)
	@cmake --build --preset dev -j$(JOBS)
build/%/build.ninja: | setup
	@cmake --preset $*

demo: setup build/dev/build.ninja  ## all allreduce algorithms, 1 KiB to 1 GiB, on a 64-host fat tree, as a table and a page
	@cmake --build --preset dev -j$(JOBS) --target troupe
	@mkdir -p $(OUT)/demo
	build/dev/cli/troupe collective --platform platforms/fat_tree_64.xml --op allreduce --algorithm all \
	  --sizes 1K:1G --json $(OUT)/demo/allreduce.json --csv $(OUT)/demo/allreduce.csv \
	  --trace $(OUT)/demo/allreduce.trace.json.gz --trace-spans 150000
	build/dev/cli/troupe report $(OUT)/demo/allreduce.json --trace $(OUT)/demo/allreduce.trace.json.gz \
	  -o $(OUT)/demo/report.html
	@echo "Open in a browser: $(OUT)/demo/report.html"

docs: setup build/dev/build.ninja  ## the documentation as a site, out/docs/index.html
	@cmake --build --preset dev -j$(JOBS) --target troupe
	@TROUPE=build/dev/cli/troupe mkdocs build --strict --quiet --site-dir $(abspath $(OUT))/docs
	@echo "Open in a browser: $(OUT)/docs/index.html"

test: build  ## build, and pass every test
	@$(call ctest,dev,-LE 'exhaustive|large')

# The thread sanitizer does not know fibers' stacks, so it sees the port on threads alone.
on_threads = core_tests contract_loopback collectives_loopback collectives_behaviour collectives_cost families_on_threads_tests
in_worlds  = contract_simgrid simgrid_tests collectives_simgrid contract_loggp loggp_tests collectives_loggp agreement_tests
tests_on_threads = ^(core|collectives|contract.loopback|Strategies|DataParallel|BlockCoordinate|ShardedOptimiser|Pipeline|TensorParallel|DecoupledGreedy)
tests_in_worlds  = ^(contract.(simgrid|loggp)|simgrid|loggp|agreement|Simulation|Jitter|SimulatedJitter|Failures|Transfers)
asan: setup build/asan/build.ninja  ## the port on threads and in both simulated worlds under the address and undefined-behaviour sanitizers
	@cmake --build --preset asan -j$(JOBS) --target $(on_threads) $(in_worlds)
	@$(call ctest,asan,-R '$(tests_on_threads)|$(tests_in_worlds)' -LE 'exhaustive|large')
ubsan: setup build/ubsan/build.ninja  ## every test under the undefined-behaviour sanitizer
	@cmake --build --preset ubsan -j$(JOBS)
	@UBSAN_OPTIONS=halt_on_error=1 $(call ctest,ubsan,-LE 'exhaustive|large')
tsan: setup build/tsan/build.ninja  ## the port on threads under the thread sanitizer
	@cmake --build --preset tsan -j$(JOBS) --target $(on_threads)
	@$(call ctest,tsan,-R '$(tests_on_threads)' -LE 'exhaustive|large')
tidy: setup-full build/tidy/build.ninja  ## clang-tidy on every file but the tests
	@cmake --build --preset tidy -j$(JOBS)
exhaustive: build  ## the exhaustive tests, at their full extent (hours)
	@$(call ctest,dev,-L exhaustive)
written-once: build  ## every strategy on threads, in both networks and on 2 to 4 processes, through the command (minutes)
	@$(call ctest,dev,-L exhaustive -R written_once)
fuzz:  ## the readers of foreign files under libFuzzer, a minute (needs clang)
	@tests/fuzz/fuzz 60 build/fuzz
gpu: build  ## all that needs a GPU: tests, sanitizer, benchmarks, predictions (a quarter of an hour, logs in out/gpu)
	@cmake --preset release && cmake --build --preset release -j$(JOBS)
	@.ci/gpu $(OUT)/gpu
netlab: build  ## predictions against real runs on a network of namespaces (root; forty minutes, alone)
	@$(call ctest,dev,-L netlab -j1 -V)
bench: setup build/release/build.ninja  ## the benchmarks, optimised
	@cmake --build --preset release -j$(JOBS)
	@$(call ctest,release,-L benchmark -V)
headers: setup build/dev/build.ninja  ## each public header compiles alone
	@cmake --build --preset dev -j$(JOBS) --target all_verify_interface_header_sets

install: setup build/release/build.ninja  ## to PREFIX (/usr/local)
	@cmake --build --preset release -j$(JOBS)
	@cmake --install build/release --prefix $(PREFIX)
package: setup-full build/release/build.ninja  ## a .deb and a .tar.gz in out/
	@cmake --build --preset release -j$(JOBS)
	@cd build/release && cpack -B $(abspath $(OUT))
clean:  ## remove build/ and out/
	rm -rf build out
