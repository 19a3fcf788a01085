// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/name_tables.h"

#include <string.h>

#define CHUNK 4096

NfpNameTables *nfp_name_tables_new(void)
{
	NfpNameTables *tables = g_new0(NfpNameTables, 1);

	tables->ports = g_array_new(FALSE, FALSE, sizeof(NfpTablePort));
	tables->applications = g_array_new(FALSE, FALSE, sizeof(NfpApplication));
	tables->texts = g_string_chunk_new(CHUNK);
	tables->refs = 1;
	return tables;
}

static NfpText copy(NfpNameTables *tables, const NfpText *text)
{
	g_autofree char *valid = g_utf8_make_valid(text->text ? text->text : "", text->length);
	gsize length = MIN(strlen(valid), UINT16_MAX);

	return (NfpText){ g_string_chunk_insert_const(tables->texts, valid), (uint16_t)length };
}

void nfp_name_tables_add_port(NfpNameTables *tables, uint32_t domain, uint32_t ifindex, const NfpPort *port)
{
	NfpTablePort row = { .domain = domain, .ifindex = ifindex, .port = *port };

	if (tables->ports->len >= NFP_TABLE_PORTS) {
		tables->left_out++;
		return;
	}
	row.port.name = copy(tables, &port->name);
	row.port.description = copy(tables, &port->description);
	row.port.role = copy(tables, &port->role);
	row.port.vrf = copy(tables, &port->vrf);
	row.label = row.port.description.length ? row.port.description : row.port.name;
	g_array_append_val(tables->ports, row);
}

void nfp_name_tables_add_application(NfpNameTables *tables, const NfpApplication *application)
{
	NfpApplication row = { .id = application->id };

	if (tables->applications->len >= NFP_TABLE_APPLICATIONS) {
		tables->left_out++;
		return;
	}
	row.name = copy(tables, &application->name);
	g_array_append_val(tables->applications, row);
}

static gboolean same(NfpText a, NfpText b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

gboolean nfp_name_tables_same_ports(const NfpNameTables *a, const NfpNameTables *b)
{
	if (a->ports->len != b->ports->len)
		return FALSE;
	for (guint i = 0; i < a->ports->len; i++) {
		const NfpTablePort *x = &g_array_index(a->ports, NfpTablePort, i);
		const NfpTablePort *y = &g_array_index(b->ports, NfpTablePort, i);

		if (x->domain != y->domain || x->ifindex != y->ifindex || x->port.speed != y->port.speed ||
		    x->port.vrf_id != y->port.vrf_id || !same(x->port.name, y->port.name) ||
		    !same(x->port.description, y->port.description) || !same(x->port.role, y->port.role) ||
		    !same(x->port.vrf, y->port.vrf))
			return FALSE;
	}
	return TRUE;
}

gboolean nfp_name_tables_same_applications(const NfpNameTables *a, const NfpNameTables *b)
{
	if (a->applications->len != b->applications->len)
		return FALSE;
	for (guint i = 0; i < a->applications->len; i++) {
		const NfpApplication *x = &g_array_index(a->applications, NfpApplication, i);
		const NfpApplication *y = &g_array_index(b->applications, NfpApplication, i);

		if (x->id != y->id || !same(x->name, y->name))
			return FALSE;
	}
	return TRUE;
}

NfpNameTables *nfp_name_tables_ref(NfpNameTables *tables)
{
	if (tables != NULL)
		g_atomic_int_inc(&tables->refs);
	return tables;
}

void nfp_name_tables_unref(NfpNameTables *tables)
{
	if (tables == NULL || !g_atomic_int_dec_and_test(&tables->refs))
		return;
	g_array_unref(tables->ports);
	g_array_unref(tables->applications);
	g_string_chunk_free(tables->texts);
	g_free(tables);
}
