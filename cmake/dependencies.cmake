# The only place that looks for libraries. All come from Debian bookworm; scripts/packages.txt names the packages.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG)
find_package(OpenSSL 3.0 REQUIRED)
find_package(PostgreSQL 15 REQUIRED)
find_package(fmt REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(tl-expected REQUIRED CONFIG)
find_package(date REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(tomlplusplus REQUIRED CONFIG)

# The shipped program allocates through jemalloc; the sanitizers bring allocators of their own.
if(NOT BAILEE_SANITIZE)
    find_library(BAILEE_JEMALLOC jemalloc REQUIRED)
endif()

# Debian's libpqxx 6.4 brings no CMake package of its own.
find_path(PQXX_INCLUDE_DIR pqxx/pqxx REQUIRED)
find_library(PQXX_LIBRARY pqxx REQUIRED)
add_library(pqxx INTERFACE)
target_include_directories(pqxx SYSTEM INTERFACE "${PQXX_INCLUDE_DIR}")
target_link_libraries(pqxx INTERFACE "${PQXX_LIBRARY}" PostgreSQL::PostgreSQL)

# Its own package asks for curl and civetweb, which the core does not use.
find_path(PROMETHEUS_INCLUDE_DIR prometheus/registry.h REQUIRED)
find_library(PROMETHEUS_LIBRARY prometheus-cpp-core REQUIRED)
add_library(prometheus_core INTERFACE)
target_include_directories(prometheus_core SYSTEM INTERFACE "${PROMETHEUS_INCLUDE_DIR}")
target_link_libraries(prometheus_core INTERFACE "${PROMETHEUS_LIBRARY}")

# Debian's own python3, which has python3-yaml; it turns api/openapi.yaml into what the program serves.
find_program(BAILEE_SYSTEM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)

# Asio and Beast are compiled once, here, instead of in every file that includes them.
add_library(boost_network STATIC "${CMAKE_SOURCE_DIR}/cmake/boost_network.cpp")
target_compile_definitions(boost_network PUBLIC
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(boost_network PUBLIC Boost::headers OpenSSL::SSL Threads::Threads)

add_library(boost_json STATIC "${CMAKE_SOURCE_DIR}/cmake/boost_json.cpp")
target_link_libraries(boost_json PUBLIC Boost::headers)

if(BAILEE_TESTS)
    find_package(Catch2 2.13 REQUIRED CONFIG)
    find_package(rapidcheck REQUIRED CONFIG)
    find_package(benchmark REQUIRED CONFIG)
    find_program(BAILEE_PYTHON python3 REQUIRED)
endif()
