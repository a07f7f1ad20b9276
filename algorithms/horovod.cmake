# Horovod's interface: named operations that are negotiated, fused and done in the background.
troupe_library(horovod
  HEADERS horovod/adasum.hpp horovod/background.hpp horovod/coordinator.hpp horovod/horovod.hpp horovod/mail.hpp
          horovod/negotiation.hpp horovod/operation.hpp horovod/options.hpp horovod/parameters.hpp horovod/tensor.hpp
          horovod/timeline.hpp
  SOURCES horovod/adasum.cpp horovod/background.cpp horovod/coordinator.cpp horovod/horovod.cpp horovod/mail.cpp
          horovod/negotiation.cpp horovod/parameters.cpp horovod/perform.cpp horovod/tensor.cpp horovod/timeline.cpp
  PUBLIC troupe::core troupe::collectives)
