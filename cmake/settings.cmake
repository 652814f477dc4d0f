# How everything is compiled: language, optimisation, warnings, sanitizers, cache and linker.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
option(CMAKE_COMPILE_WARNING_AS_ERROR "a warning stops the build" ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()
# Line tables only: a stack trace names its lines, and objects stay small. `ensure` does not look at NDEBUG.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")

add_library(settings INTERFACE)
target_include_directories(settings INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(settings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 sees overlaps inside std::string's own operator+ (GCC bug 105651).
    target_compile_options(settings INTERFACE -Wno-restrict)
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    # The persistent maps count bits at every step; every x86-64 since 2009 has the instruction (docs/performance.md).
    add_compile_options(-mpopcnt)
endif()

if(BAILEE_SANITIZE)
    add_compile_options(-fsanitize=${BAILEE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${BAILEE_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        # The sanitizers' extra branches defeat these analyses of GCC 12 inside the standard library.
        target_compile_options(settings INTERFACE
            -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
    endif()
endif()
if(BAILEE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(BAILEE_CCACHE ccache)
if(BAILEE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${BAILEE_CCACHE}")
endif()
find_program(BAILEE_MOLD mold)
find_program(BAILEE_LLD ld.lld)
if(BAILEE_MOLD)
    add_link_options(-fuse-ld=mold)
elseif(BAILEE_LLD)
    add_link_options(-fuse-ld=lld)
endif()

if(NOT BAILEE_VECTORS)
    if(IS_DIRECTORY "${CMAKE_SOURCE_DIR}/../shared/vectors")
        get_filename_component(BAILEE_VECTORS "${CMAKE_SOURCE_DIR}/../shared/vectors" ABSOLUTE)
    endif()
endif()
if(BAILEE_TESTS AND NOT IS_DIRECTORY "${BAILEE_VECTORS}")
    message(WARNING "The folder of official test vectors is absent: tests that read it will be skipped, loudly. "
                    "Give its path with -DBAILEE_VECTORS=<folder>.")
    set(BAILEE_VECTORS "")
endif()
