# What is learnt: models, and what they are made of.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          models/block.hpp models/convolutional.hpp models/ensemble.hpp models/logistic_regression.hpp
          models/network.hpp models/network_model.hpp models/network_settings.hpp models/off_the_clock.hpp
          models/perceptron.hpp models/phantom_model.hpp models/presets.hpp models/subnets.hpp
  PRIVATE models/block.cpp models/convolutional.cpp models/ensemble.cpp models/logistic_regression.cpp
          models/network.cpp models/network_model.cpp models/network_settings.cpp models/off_the_clock.cpp
          models/perceptron.cpp models/phantom_model.cpp models/presets.cpp models/presets_pictures.cpp
          models/presets_sequences.cpp models/subnets.cpp)
