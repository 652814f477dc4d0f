// The contract of api/openapi.yaml, as JSON and as a page for people; both are made from it when the program
// is built.
#pragma once

#include <string_view>

namespace api {

[[nodiscard]] std::string_view openapi_document();
[[nodiscard]] std::string_view openapi_page();

}  // namespace api
