#include "binding/arguments.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "lth/error.h"
#include "lth/number_text.h"

namespace lth::binding {
namespace {

constexpr size_t kTextShown = 40;
constexpr uint32_t kMaxElements = 1000000;

/// The first bytes of a text in UTF-8, cut between two characters.
std::string shortened(const std::string& text) {
  if (text.size() <= kTextShown) return text;
  size_t end = kTextShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

/// A text between quotes and on one line: a message ends at a NUL.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char character : shortened(text)) {
    const auto code = static_cast<unsigned char>(character);
    if (code < 0x20 || code == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", code);
      result += escaped;
    } else {
      result += character;
    }
  }
  return result + "\"";
}

/// `"cpu", "cuda"`
std::string listed(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) {
    list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  }
  return list;
}

std::string array_text(const Napi::Value& value) {
  static constexpr const char* kNames[] = {"Int8Array",     "Uint8Array",    "Uint8ClampedArray",
                                           "Int16Array",    "Uint16Array",   "Int32Array",
                                           "Uint32Array",   "Float32Array",  "Float64Array",
                                           "BigInt64Array", "BigUint64Array"};
  napi_typedarray_type type;
  size_t length = 0;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, nullptr, nullptr, nullptr) !=
          napi_ok ||
      size_t(type) >= std::size(kNames)) {
    return "a typed array";
  }
  return std::string(kNames[type]) + " of " + std::to_string(length);
}

[[noreturn]] void refuse(const std::string& what, const std::string& expected,
                         const Napi::Value& value) {
  throw_type(what + " must be " + expected + ", got " + describe(value));
}

/// The numbers that to_float takes, without an end that is only the end of floats.
std::string numbers_text(double min, double max) {
  using Limits = std::numeric_limits<float>;
  if (max < Limits::max()) return "a number from " + number_text(min) + " to " + number_text(max);
  return min > Limits::lowest() ? "a finite number, at least " + number_text(min)
                                : "a finite number";
}

}  // namespace

std::string describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number:
      return number_text(value.As<Napi::Number>().DoubleValue());
    case napi_string:
      return quoted(value.As<Napi::String>().Utf8Value());
    case napi_symbol:
      return "a symbol";
    case napi_bigint:
      return shortened(value.ToString().Utf8Value()) + "n";
    case napi_function:
      return "a function";
    default:
      break;
  }
  if (value.IsTypedArray()) return array_text(value);
  if (value.IsArray()) return "an array of " + std::to_string(value.As<Napi::Array>().Length());
  return "an object";
}

std::string element_path(const std::string& what, size_t index) {
  return what + "[" + std::to_string(index) + "]";
}

double to_number(const Napi::Value& value, const std::string& what) {
  if (!value.IsNumber()) refuse(what, "a number", value);
  return value.As<Napi::Number>().DoubleValue();
}

int64_t to_integer(const Napi::Value& value, const std::string& what, int64_t min, int64_t max) {
  const double number = to_number(value, what);
  if (!(number == std::floor(number) && number >= double(min) && number <= double(max))) {
    throw_range(what + " must be a whole number from " + std::to_string(min) + " to " +
                std::to_string(max) + ", got " + number_text(number));
  }
  return int64_t(number);
}

float to_float(const Napi::Value& value, const std::string& what, double min, double max) {
  const double number = to_number(value, what);
  if (!(number >= min && number <= max)) {
    throw_range(what + " must be " + numbers_text(min, max) + ", got " + number_text(number));
  }
  return float(number);
}

bool to_boolean(const Napi::Value& value, const std::string& what) {
  if (!value.IsBoolean()) refuse(what, "a boolean", value);
  return value.As<Napi::Boolean>().Value();
}

std::string to_text(const Napi::Value& value, const std::string& what) {
  if (!value.IsString()) refuse(what, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

uint64_t to_seed(const Napi::Value& value, const std::string& what) {
  if (!value.IsBigInt()) refuse(what, "a bigint", value);
  bool lossless = false;
  const uint64_t seed = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) {
    throw_range(what + " must be from 0n to 2n ** 64n - 1n, got " + describe(value));
  }
  return seed;
}

std::vector<Napi::Value> to_array(const Napi::Value& value, const std::string& what) {
  if (!value.IsArray()) refuse(what, "an array", value);
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  if (length > kMaxElements) {
    throw_range(what + " must have at most " + std::to_string(kMaxElements) + " elements, got " +
                std::to_string(length));
  }
  std::vector<Napi::Value> elements;
  elements.reserve(length);
  for (uint32_t i = 0; i < length; ++i) elements.push_back(array.Get(i));
  return elements;
}

int to_choice(const Napi::Value& value, const std::string& what,
              std::initializer_list<std::string_view> names) {
  const std::string expected = "one of " + listed(names);
  if (!value.IsString()) refuse(what, expected, value);
  const std::string text = value.As<Napi::String>().Utf8Value();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) throw_range(what + " must be " + expected + ", got " + describe(value));
  return int(found - names.begin());
}

void typed_array(const Napi::Value& value, const std::string& what, napi_typedarray_type type,
                 const char* type_name, void** data, size_t* length) {
  napi_typedarray_type actual;
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(value.Env(), value, &actual, length, data, nullptr, nullptr) !=
          napi_ok ||
      actual != type) {
    refuse(what, type_name, value);
  }
}

void require_length(size_t actual, size_t expected, const std::string& what) {
  if (actual != expected) {
    throw_range(what + " must have " + std::to_string(expected) +
                (expected == 1 ? " element, got " : " elements, got ") + std::to_string(actual));
  }
}

Fields::Fields(const Napi::Value& value, std::string where,
               std::initializer_list<std::string_view> known)
    : where_(std::move(where)) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray() || value.IsFunction()) {
    refuse(where_, "an object", value);
  }
  object_ = value.As<Napi::Object>();
  const Napi::Array names = object_.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw_type(where_ + " has an unknown field " + quoted(name) + ": the known ones are " +
                 listed(known));
    }
  }
}

}  // namespace lth::binding
