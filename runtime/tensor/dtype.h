// DType: the element types that a tensor can have.
//
// Thread safety: pure functions and values.
// Invariants: sizes are those of the C++ types that DTypeOf names.
// Errors: an unknown name is nothing, never a guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenter {

enum class DType { kFloat32, kFloat64, kInt32, kInt64, kUint8, kBool };

// Bytes of one element.
size_t DTypeBytes(DType dtype);

// The name as it is printed, for example "float32".
std::string_view DTypeName(DType dtype);
std::optional<DType> DTypeFromName(std::string_view name);

// The DType of a C++ element type; other types do not compile.
template <typename T>
inline constexpr DType kDTypeOf = T::this_type_cannot_be_an_element;
template <>
inline constexpr DType kDTypeOf<float> = DType::kFloat32;
template <>
inline constexpr DType kDTypeOf<double> = DType::kFloat64;
template <>
inline constexpr DType kDTypeOf<int32_t> = DType::kInt32;
template <>
inline constexpr DType kDTypeOf<int64_t> = DType::kInt64;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kUint8;
template <>
inline constexpr DType kDTypeOf<bool> = DType::kBool;

}  // namespace tenter
