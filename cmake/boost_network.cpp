// The one translation unit that holds the bodies of Asio, Beast and Boost.URL.
#include <utility>

#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/url/src.hpp>
