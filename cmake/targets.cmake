# A folder's target: every source below it, found by glob, so that a new file needs no edit here.

# bailee_library(<name> [PUBLIC <targets>] [PRIVATE <targets>])
# Static when the folder has a .cpp; an interface while it has headers only.
function(bailee_library name)
    cmake_parse_arguments(PARSE_ARGV 1 uses "" "" "PUBLIC;PRIVATE")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    if(sources)
        add_library(${name} STATIC ${sources})
        target_link_libraries(${name} PUBLIC settings ${uses_PUBLIC} PRIVATE ${uses_PRIVATE})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE settings ${uses_PUBLIC})
    endif()
endfunction()
