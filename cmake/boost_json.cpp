// The one translation unit that holds the bodies of Boost.JSON.
#include <boost/json/src.hpp>
