# What is learnt from: generators, readers, and who sees which sample when.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          data/data_kinds.hpp data/dataset.hpp data/draws.hpp data/files.hpp data/folds.hpp data/generated.hpp
          data/generators.hpp data/gzip.hpp data/readers.hpp data/reading.hpp data/sampler.hpp data/shards.hpp data/sinc.hpp
  PRIVATE data/csv.cpp data/data_kinds.cpp data/dataset.cpp data/digits.cpp data/draws.cpp data/files.cpp
          data/folds.cpp data/generated.cpp data/generators.cpp data/gzip.cpp data/libsvm.cpp data/pictures.cpp
          data/reading.cpp data/sampler.cpp data/shards.cpp data/sinc.cpp)
target_link_libraries(troupe_algorithms PRIVATE ZLIB::ZLIB)
