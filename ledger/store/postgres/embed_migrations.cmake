# Puts migrations/NNNN_name/{up,check}.sql into the program, so that it carries its own schema.
# Included: bailee_embed_migrations(TARGET) adds the generated source. Run with -P: writes it.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(GLOB folders LIST_DIRECTORIES true "${FROM}/[0-9][0-9][0-9][0-9]_*")
  list(SORT folders)
  set(rows "")
  foreach(folder IN LISTS folders)
    get_filename_component(label "${folder}" NAME)
    string(SUBSTRING "${label}" 0 4 number)
    string(SUBSTRING "${label}" 5 -1 name)
    string(REGEX REPLACE "^0+" "" number "${number}")
    file(READ "${folder}/up.sql" up)
    set(check "")
    if(EXISTS "${folder}/check.sql")
      file(READ "${folder}/check.sql" check)
    endif()
    string(APPEND rows "    {${number}, \"${name}\",\n")
    string(APPEND rows "R\"bailee_sql(${up})bailee_sql\",\nR\"bailee_sql(${check})bailee_sql\"},\n")
  endforeach()
  file(WRITE "${INTO}" "// Generated from migrations/.
#include \"ledger/store/postgres/migrate.hpp\"

#include <vector>

namespace ledger::store::postgres {

std::span<const Migration> embedded_migrations() {
    static const std::vector<Migration> migrations{
${rows}    };
    return migrations;
}

}  // namespace ledger::store::postgres
")
  return()
endif()

set(bailee_embed_script "${CMAKE_CURRENT_LIST_FILE}")

function(bailee_embed_migrations target)
  set(from "${PROJECT_SOURCE_DIR}/migrations")
  set(into "${CMAKE_CURRENT_BINARY_DIR}/embedded_migrations.cpp")
  file(GLOB inputs CONFIGURE_DEPENDS "${from}/*/up.sql" "${from}/*/check.sql")
  add_custom_command(
    OUTPUT "${into}"
    COMMAND "${CMAKE_COMMAND}" "-DFROM=${from}" "-DINTO=${into}" -P "${bailee_embed_script}"
    DEPENDS ${inputs} "${bailee_embed_script}"
    COMMENT "Embedding migrations"
    VERBATIM)
  target_sources(${target} PRIVATE "${into}")
endfunction()
