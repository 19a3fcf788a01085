/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of the object that a JsonBuilder is in. */
#ifndef NFP_APP_MEMBERS_H
#define NFP_APP_MEMBERS_H

#include <json-glib/json-glib.h>
#include <stdint.h>

/* JSON-GLib has signed numbers alone: above 2^63 a value comes out negative. */
void nfp_json_add_number(JsonBuilder *builder, const char *name, uint64_t value);
/* NULL: null. */
void nfp_json_add_string(JsonBuilder *builder, const char *name, const char *value);
void nfp_json_add_bool(JsonBuilder *builder, const char *name, gboolean value);

#endif
