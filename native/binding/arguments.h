#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lth::binding {

/// Reading JavaScript arguments. `what` names the argument in messages: "conv1d: options.stride".
/// Wrong kinds throw Error(type), impossible values Error(range), each with the value.

/// A value for an error message: `3`, `"abc"`, `Float32Array of 5`.
std::string describe(const Napi::Value& value);
/// How messages name an element: `what[index]`.
std::string element_path(const std::string& what, size_t index);

double to_number(const Napi::Value& value, const std::string& what);
/// A whole number in [min, max].
int64_t to_integer(const Napi::Value& value, const std::string& what, int64_t min, int64_t max);
/// A finite number in [min, max], compared before it is rounded to float.
float to_float(const Napi::Value& value, const std::string& what,
               double min = std::numeric_limits<float>::lowest(),
               double max = std::numeric_limits<float>::max());
bool to_boolean(const Napi::Value& value, const std::string& what);
std::string to_text(const Napi::Value& value, const std::string& what);
/// A bigint in [0, 2^64).
uint64_t to_seed(const Napi::Value& value, const std::string& what);
/// The elements of an array of at most a million.
std::vector<Napi::Value> to_array(const Napi::Value& value, const std::string& what);
/// Index into `names` of a string that must be one of them.
int to_choice(const Napi::Value& value, const std::string& what,
              std::initializer_list<std::string_view> names);

template <class Element>
struct TypedArrayKind;
template <>
struct TypedArrayKind<float> {
  static constexpr napi_typedarray_type type = napi_float32_array;
  static constexpr const char* name = "a Float32Array";
};
template <>
struct TypedArrayKind<double> {
  static constexpr napi_typedarray_type type = napi_float64_array;
  static constexpr const char* name = "a Float64Array";
};
template <>
struct TypedArrayKind<int32_t> {
  static constexpr napi_typedarray_type type = napi_int32_array;
  static constexpr const char* name = "an Int32Array";
};
template <>
struct TypedArrayKind<int16_t> {
  static constexpr napi_typedarray_type type = napi_int16_array;
  static constexpr const char* name = "an Int16Array";
};
template <>
struct TypedArrayKind<uint8_t> {
  static constexpr napi_typedarray_type type = napi_uint8_array;
  static constexpr const char* name = "a Uint8Array";
};

/// Pointer and length of a typed array; throws unless it is of this type. A detached one is empty.
void typed_array(const Napi::Value& value, const std::string& what, napi_typedarray_type type,
                 const char* type_name, void** data, size_t* length);

/// The elements themselves, good until JavaScript runs again: read every property of every argument
/// first, as a getter might detach the memory.
template <class Element>
std::span<const Element> to_view(const Napi::Value& value, const std::string& what) {
  void* data = nullptr;
  size_t length = 0;
  typed_array(value, what, TypedArrayKind<Element>::type, TypedArrayKind<Element>::name, &data,
              &length);
  return {static_cast<const Element*>(data), data == nullptr ? 0 : length};
}

/// A copy, for what is checked before it is used: shared memory could change in between.
template <class Element>
std::vector<Element> to_copy(const Napi::Value& value, const std::string& what) {
  const std::span<const Element> view = to_view<Element>(value, what);
  return {view.begin(), view.end()};
}

/// Throws Error(range) unless an array has exactly the expected length.
void require_length(size_t actual, size_t expected, const std::string& what);

/// The fields of an options object; one with an unknown name is refused by name.
class Fields {
 public:
  /// @param where prefix of messages, e.g. "conv1d: options"
  Fields(const Napi::Value& value, std::string where,
         std::initializer_list<std::string_view> known);

  /// The field's value, undefined if absent.
  Napi::Value get(const char* name) const { return object_.Get(name); }
  /// How messages name it.
  std::string path(const char* name) const { return where_ + "." + name; }

 private:
  Napi::Object object_;
  std::string where_;
};

}  // namespace lth::binding
