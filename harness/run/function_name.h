// FunctionName: a function as a debugger prints it, without its arguments; for signatures, in which
// two overloads are one place, and two functors are two.
#pragma once

#include <string>
#include <string_view>

namespace tenter {

// "A<int (char)>::operator()(int, B<C>*) const" is "A<int (char)>::operator()".
std::string FunctionName(std::string_view function);

}  // namespace tenter
