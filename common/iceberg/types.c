/* SPDX-License-Identifier: Apache-2.0 */
/* types.c - the grammar of type and transform texts, and default values. */
#include "common/iceberg/types.h"

#include <ctype.h>
#include <strings.h>

#include "common/text.h"

/* Types without parameters, by enum type_id. */
static const char *const plain[] = {
	[TYPE_BOOLEAN] = "boolean",
	[TYPE_INT] = "int",
	[TYPE_LONG] = "long",
	[TYPE_FLOAT] = "float",
	[TYPE_DOUBLE] = "double",
	[TYPE_DATE] = "date",
	[TYPE_TIME] = "time",
	[TYPE_TIMESTAMP] = "timestamp",
	[TYPE_TIMESTAMPTZ] = "timestamptz",
	[TYPE_TIMESTAMP_NS] = "timestamp_ns",
	[TYPE_TIMESTAMPTZ_NS] = "timestamptz_ns",
	[TYPE_STRING] = "string",
	[TYPE_UUID] = "uuid",
	[TYPE_BINARY] = "binary",
	[TYPE_UNKNOWN] = "unknown",
	[TYPE_VARIANT] = "variant",
};

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Reads a decimal of at most 9 digits with space around it; NULL where there is none. */
static const char *read_number(const char *s, int *out)
{
	int n = 0, digits = 0;

	for (s = skip_space(s); isdigit((unsigned char)*s); s++) {
		if (++digits > 9)
			return NULL;
		n = n * 10 + (*s - '0');
	}
	*out = n;
	return digits ? skip_space(s) : NULL;
}

static bool parse_fixed(struct cx *cx, const char *s, struct type *out)
{
	if (strncasecmp(s, "fixed[", 6) != 0)
		return false;
	s = read_number(s + 6, &out->length);
	if (!s || strcmp(s, "]") != 0)
		return false;
	out->id = TYPE_FIXED;
	out->text = cx_printf(cx, "fixed[%d]", out->length);
	return true;
}

static bool parse_decimal(struct cx *cx, const char *s, struct type *out)
{
	if (strncasecmp(s, "decimal(", 8) != 0)
		return false;
	s = read_number(s + 8, &out->precision);
	if (!s || *s != ',')
		return false;
	s = read_number(s + 1, &out->scale);
	if (!s || strcmp(s, ")") != 0)
		return false;
	out->id = TYPE_DECIMAL;
	out->text = cx_printf(cx, "decimal(%d, %d)", out->precision, out->scale);
	return true;
}

/* geometry, geometry(CRS), geography, geography(CRS), geography(CRS, algorithm): kept as given. */
static bool parse_geo(struct cx *cx, const char *s, struct type *out)
{
	bool geometry = strncasecmp(s, "geometry", 8) == 0;
	const char *rest = s + (geometry ? 8 : 9);

	if (!geometry && strncasecmp(s, "geography", 9) != 0)
		return false;
	rest = skip_space(rest);
	if (*rest && (*rest != '(' || strchr(rest, ')') != rest + strlen(rest) - 1 ||
		      *skip_space(rest + 1) == ')' || *skip_space(rest + 1) == ','))
		return false;
	out->id = geometry ? TYPE_GEOMETRY : TYPE_GEOGRAPHY;
	out->text = cx_strdup(cx, s);
	return true;
}

enum status type_parse(struct cx *cx, const char *text, struct type *out)
{
	*out = (struct type){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (strcasecmp(text, plain[i]) == 0) {
			*out = (struct type){ .id = (enum type_id)i, .text = plain[i] };
			return OK;
		}
	if (!parse_fixed(cx, text, out) && !parse_decimal(cx, text, out) &&
	    !parse_geo(cx, text, out))
		return fail(cx, INVALID, "Cannot parse type string to primitive: %.100s", text);
	if (out->id == TYPE_DECIMAL && out->precision > 38)
		return fail(cx, INVALID,
			    "Decimals with precision larger than 38 are not supported: %d",
			    out->precision);
	return OK;
}

int type_min_version(const struct type *t)
{
	switch (t->id) {
	case TYPE_TIMESTAMP_NS:
	case TYPE_TIMESTAMPTZ_NS:
	case TYPE_VARIANT:
	case TYPE_UNKNOWN:
	case TYPE_GEOMETRY:
	case TYPE_GEOGRAPHY:
		return 3;
	default:
		return 1;
	}
}

bool type_is_primitive(const struct type *t)
{
	return t->id < TYPE_STRUCT && t->id != TYPE_VARIANT;
}

/*
 * True where s has the shape of `form`: 'd' is a digit, 'f' a fraction that may
 * be absent (a point and 1 to 9 digits), 's' seconds that may be absent, 'z'
 * the offset of UTC; any other character stands for itself.
 */
static bool has_form(const char *s, const char *form)
{
	for (; *form; form++) {
		int n = 0;

		switch (*form) {
		case 'd':
			if (!isdigit((unsigned char)*s++))
				return false;
			break;
		case 's':
			if (*s == ':' &&
			    !has_form((char[]){ s[1], s[1] ? s[2] : '\0', '\0' }, "dd"))
				return false;
			s += *s == ':' ? 3 : 0;
			break;
		case 'f':
			if (*s == '.')
				for (s++; isdigit((unsigned char)*s); s++)
					n++;
			if (n > 9 || (n == 0 && s[-1] == '.'))
				return false;
			break;
		case 'z':
			if (strcmp(s, "+00:00") != 0 && strcmp(s, "Z") != 0)
				return false;
			return true;
		default:
			if (*s++ != *form)
				return false;
		}
	}
	return *s == '\0';
}

/* An optional sign, digits, and exactly `scale` digits behind a point. */
static bool is_decimal(const char *s, int scale)
{
	int whole = 0, fraction = 0;

	s += *s == '-' || *s == '+';
	for (; isdigit((unsigned char)*s); s++)
		whole++;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++)
			fraction++;
	return *s == '\0' && whole + fraction > 0 && fraction == scale;
}

static bool is_hex(const char *s)
{
	return strlen(s) % 2 == 0 && strspn(s, "0123456789abcdefABCDEF") == strlen(s);
}

/* Values that are JSON texts. */
static bool text_fits(const struct type *t, const char *s)
{
	switch (t->id) {
	case TYPE_STRING:
		return true;
	case TYPE_UUID:
		return text_is_uuid(s);
	case TYPE_DECIMAL:
		return is_decimal(s, t->scale);
	case TYPE_DATE:
		return has_form(s, "dddd-dd-dd");
	case TYPE_TIME:
		return has_form(s, "dd:ddsf");
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMP_NS:
		return has_form(s, "dddd-dd-ddTdd:ddsf");
	case TYPE_TIMESTAMPTZ:
	case TYPE_TIMESTAMPTZ_NS:
		return has_form(s, "dddd-dd-ddTdd:ddsfz");
	case TYPE_FIXED:
		return is_hex(s) && strlen(s) == 2 * (size_t)t->length;
	case TYPE_BINARY:
		return is_hex(s);
	default:
		return false;
	}
}

static bool default_fits(const struct type *t, struct json_object *v)
{
	int64_t n = json_object_get_int64(v);

	switch (json_object_get_type(v)) {
	case json_type_boolean:
		return t->id == TYPE_BOOLEAN;
	case json_type_int:
		if (t->id == TYPE_INT)
			return n >= INT32_MIN && n <= INT32_MAX;
		if (t->id == TYPE_LONG)
			return n != INT64_MAX || json_object_get_uint64(v) == INT64_MAX;
		return t->id == TYPE_FLOAT || t->id == TYPE_DOUBLE;
	case json_type_double:
		return t->id == TYPE_FLOAT || t->id == TYPE_DOUBLE;
	case json_type_string:
		return text_fits(t, json_object_get_string(v));
	default:
		return false;
	}
}

enum status type_check_default(struct cx *cx, const struct type *t, const char *where,
			       struct json_object *v)
{
	if (t->id >= TYPE_STRUCT || t->id == TYPE_UNKNOWN || t->id == TYPE_VARIANT ||
	    t->id == TYPE_GEOMETRY || t->id == TYPE_GEOGRAPHY)
		return fail(cx, INVALID, "%s: Invalid default value for %s: %.80s (must be null)",
			    where, t->text, json_print(cx, v, NULL));
	if (!default_fits(t, v))
		return fail(cx, INVALID, "%s: Cannot parse default as a %s value: %.80s", where,
			    t->text, json_print(cx, v, NULL));
	return OK;
}

/* name[width]: returns 0 where text is not that, -1 for a width that is none. */
static int read_width(const char *text, const char *name)
{
	size_t n = strlen(name);
	const char *digits = text + n + 1;
	int64_t width;

	if (strncasecmp(text, name, n) != 0 || text[n] != '[' || !text_ends(text, "]"))
		return 0;
	if (strspn(digits, "0123456789") != strlen(digits) - 1 || strlen(digits) > 11)
		return -1;
	width = strtoll(digits, NULL, 10);
	return width > 0 && width <= INT32_MAX ? (int)width : -1;
}

static enum status parse_wide(struct cx *cx, const char *text, const char *name,
			      enum transform_id id, struct transform *out)
{
	int width = read_width(text, name);

	if (width < 0)
		return fail(cx, INVALID, "Invalid transform: %.100s (must have a width > 0)", text);
	if (width)
		*out = (struct transform){ id, cx_printf(cx, "%s[%d]", name, width), width };
	return OK;
}

enum status transform_parse(struct cx *cx, const char *text, struct transform *out)
{
	static const char *const names[] = { "identity", "year", "month", "day", "hour", "void" };
	enum status s;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(text, names[i]) == 0) {
			*out = (struct transform){ (enum transform_id)i, names[i], 0 };
			return OK;
		}
	*out = (struct transform){ TRANSFORM_UNKNOWN, cx_strdup(cx, text), 0 };
	s = parse_wide(cx, text, "bucket", TRANSFORM_BUCKET, out);
	return s ? s : parse_wide(cx, text, "truncate", TRANSFORM_TRUNCATE, out);
}

static bool is_timestamp(enum type_id id)
{
	return id == TYPE_TIMESTAMP || id == TYPE_TIMESTAMPTZ || id == TYPE_TIMESTAMP_NS ||
	       id == TYPE_TIMESTAMPTZ_NS;
}

bool transform_takes(const struct transform *f, const struct type *t)
{
	enum type_id id = t->id;

	switch (f->id) {
	case TRANSFORM_IDENTITY:
		return type_is_primitive(t) && id != TYPE_GEOMETRY && id != TYPE_GEOGRAPHY;
	case TRANSFORM_YEAR:
	case TRANSFORM_MONTH:
	case TRANSFORM_DAY:
		return id == TYPE_DATE || is_timestamp(id);
	case TRANSFORM_HOUR:
		return is_timestamp(id);
	case TRANSFORM_BUCKET:
		return id == TYPE_INT || id == TYPE_LONG || id == TYPE_DATE || id == TYPE_TIME ||
		       is_timestamp(id) || id == TYPE_STRING || id == TYPE_BINARY ||
		       id == TYPE_FIXED || id == TYPE_DECIMAL || id == TYPE_UUID;
	case TRANSFORM_TRUNCATE:
		return id == TYPE_INT || id == TYPE_LONG || id == TYPE_STRING ||
		       id == TYPE_BINARY || id == TYPE_DECIMAL;
	default:
		return true;
	}
}
