/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/tables.h"

#include <string.h>

#include "enrich/cidr.h"
#include "enrich/texts.h"

/* clang-format off */
static const NfpColumn prefix_columns[] = {
	{ "cidr", NFP_COLUMN_CIDR, TRUE, { "prefix", "ip prefix", "network", "ip_prefix" } },
	{ "as_number", NFP_COLUMN_AS, FALSE, { "asn", "as", "autonomous_system_number", "origin" } },
	{ "as_name", NFP_COLUMN_TEXT, FALSE, { "as_description", "autonomous_system_organization", "as_org", "organization" } },
	{ "country", NFP_COLUMN_TEXT, FALSE, { "country_code", "country_iso_code", "alpha2code" } },
	{ "city", NFP_COLUMN_TEXT, FALSE, { "city_name" } },
	{ "site", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "customer", NFP_COLUMN_TEXT, FALSE, { "tenant" } },
	{ "label1", NFP_COLUMN_TEXT, FALSE, { NULL } }, { "label2", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "label3", NFP_COLUMN_TEXT, FALSE, { NULL } }, { "label4", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "label5", NFP_COLUMN_TEXT, FALSE, { NULL } }, { "label6", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "label7", NFP_COLUMN_TEXT, FALSE, { NULL } }, { "label8", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "priority", NFP_COLUMN_PRIORITY, FALSE, { NULL } },
};
static const NfpColumn host_columns[] = {
	{ "address", NFP_COLUMN_ADDRESS, TRUE, { "ip", "ip_address", "ip address" } },
	{ "name", NFP_COLUMN_TEXT, TRUE, { "host", "hostname" } },
	{ "priority", NFP_COLUMN_PRIORITY, FALSE, { NULL } },
};
static const NfpColumn service_columns[] = {
	{ "port_first", NFP_COLUMN_PORT, TRUE, { "port", "port number" } },
	{ "port_last", NFP_COLUMN_PORT, FALSE, { NULL } },
	{ "protocol", NFP_COLUMN_PROTOCOL, TRUE, { "transport protocol" } },
	{ "name", NFP_COLUMN_TEXT, TRUE, { "service", "service name" } },
	{ "application_id", NFP_COLUMN_UINT32, FALSE, { NULL } },
	{ "priority", NFP_COLUMN_PRIORITY, FALSE, { NULL } },
};
static const NfpColumn interface_columns[] = {
	{ "match", NFP_COLUMN_TEXT, TRUE, { "interface", "ifname" } },
	{ "alias", NFP_COLUMN_TEXT, FALSE, { "description", "ifalias" } },
	{ "role", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "vrf", NFP_COLUMN_TEXT, FALSE, { NULL } },
	{ "speed", NFP_COLUMN_UINT32, FALSE, { NULL } },
	{ "priority", NFP_COLUMN_PRIORITY, FALSE, { NULL } },
};

const NfpTable nfp_tables[NFP_TABLES_N] = {
	[NFP_TABLE_PREFIX] = { "prefix", prefix_columns, G_N_ELEMENTS(prefix_columns) },
	[NFP_TABLE_HOST] = { "host", host_columns, G_N_ELEMENTS(host_columns) },
	[NFP_TABLE_SERVICE] = { "service", service_columns, G_N_ELEMENTS(service_columns) },
	[NFP_TABLE_INTERFACE] = { "interface", interface_columns, G_N_ELEMENTS(interface_columns) },
};
/* clang-format on */
G_STATIC_ASSERT(G_N_ELEMENTS(prefix_columns) <= NFP_COLUMNS_MAX);

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "tcp", 6 }, { "udp", 17 }, { "dccp", 33 }, { "sctp", 132 }, { "udplite", 136 }, { "udp-lite", 136 },
};

int nfp_table_find(const char *name)
{
	for (int i = 0; i < NFP_TABLES_N; i++)
		if (!strcmp(nfp_tables[i].name, name))
			return i;
	return -1;
}

int nfp_column_find(const NfpTable *table, const char *name)
{
	for (guint i = 0; i < table->n; i++)
		if (!strcmp(table->columns[i].name, name))
			return (int)i;
	return -1;
}

int nfp_column_guess(const NfpTable *table, const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);
	int found = nfp_column_find(table, lower);

	for (guint i = 0; found < 0 && i < table->n; i++)
		for (guint j = 0; j < NFP_COLUMN_ALIASES && table->columns[i].aliases[j]; j++)
			if (!strcmp(table->columns[i].aliases[j], lower))
				found = (int)i;
	return found;
}

/* Digits alone. */
static bool parse_number(const char *text, uint64_t most, uint64_t *ret)
{
	uint64_t value = 0;
	guint digits = 0;

	for (; digits < 11 && g_ascii_isdigit(text[digits]); digits++)
		value = value * 10 + (uint64_t)(text[digits] - '0');
	if (!digits || text[digits] || value > most)
		return false;
	*ret = value;
	return true;
}

bool nfp_protocol_parse(const char *text, uint8_t *ret_protocol)
{
	uint64_t number;

	for (guint i = 0; i < G_N_ELEMENTS(protocols); i++) {
		if (!g_ascii_strcasecmp(protocols[i].name, text)) {
			*ret_protocol = protocols[i].number;
			return true;
		}
	}
	if (!parse_number(text, 255, &number))
		return false;
	*ret_protocol = (uint8_t)number;
	return true;
}

const char *nfp_protocol_name(uint8_t protocol)
{
	for (guint i = 0; i < G_N_ELEMENTS(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

static bool check_cidr(const char *text, gboolean address, char *ret, const char **ret_why)
{
	NfpPrefix prefix;

	if (address && strchr(text, '/')) {
		*ret_why = "is no address";
		return false;
	}
	if (!nfp_prefix_parse(text, &prefix, ret_why))
		return false;
	if (address)
		nfp_address_print(prefix.first, prefix.family, ret);
	else
		nfp_prefix_print(&prefix, ret);
	return true;
}

static bool check_text(const char *text, char *ret, const char **ret_why)
{
	if (strlen(text) > NFP_TEXT_MAX) {
		*ret_why = "is longer than 255 octets";
		return false;
	}
	if (!g_utf8_validate(text, -1, NULL)) {
		*ret_why = "is not UTF-8";
		return false;
	}
	g_strlcpy(ret, text, NFP_VALUE_TEXT);
	return true;
}

static bool check_number(const char *text, uint64_t most, const char *why, char *ret, const char **ret_why)
{
	uint64_t number;

	if (!parse_number(text, most, &number)) {
		*ret_why = why;
		return false;
	}
	g_snprintf(ret, NFP_VALUE_TEXT, "%" G_GUINT64_FORMAT, (guint64)number);
	return true;
}

static bool check_protocol(const char *text, char *ret, const char **ret_why)
{
	uint8_t protocol;

	if (!nfp_protocol_parse(text, &protocol)) {
		*ret_why = "is no protocol: tcp, udp, sctp, dccp, udplite or a number";
		return false;
	}
	if (nfp_protocol_name(protocol))
		g_strlcpy(ret, nfp_protocol_name(protocol), NFP_VALUE_TEXT);
	else
		g_snprintf(ret, NFP_VALUE_TEXT, "%u", protocol);
	return true;
}

static bool check_priority(const char *text, char *ret, const char **ret_why)
{
	bool negative = *text == '-';

	if (!check_number(text + negative, NFP_PRIORITY_MAX, "is no priority: -1000000 to 1000000", ret + negative, ret_why))
		return false;
	if (negative)
		*ret = '-';
	return true;
}

bool nfp_column_check(const NfpColumn *column, const char *text, char ret[NFP_VALUE_TEXT], const char **ret_why)
{
	*ret = '\0';
	if (!*text) {
		*ret_why = "is missing";
		return !column->required;
	}
	switch (column->kind) {
	case NFP_COLUMN_CIDR:
		return check_cidr(text, FALSE, ret, ret_why);
	case NFP_COLUMN_ADDRESS:
		return check_cidr(text, TRUE, ret, ret_why);
	case NFP_COLUMN_AS:
		return check_number(g_ascii_strncasecmp(text, "as", 2) ? text : text + 2, G_MAXUINT32,
				    "is no number of an AS", ret, ret_why);
	case NFP_COLUMN_TEXT:
		return check_text(text, ret, ret_why);
	case NFP_COLUMN_PROTOCOL:
		return check_protocol(text, ret, ret_why);
	case NFP_COLUMN_PORT:
		return check_number(text, G_MAXUINT16, "is no port: 0 to 65535", ret, ret_why);
	case NFP_COLUMN_UINT32:
		return check_number(text, G_MAXUINT32, "is no number of 0 to 4294967295", ret, ret_why);
	case NFP_COLUMN_PRIORITY:
		return check_priority(text, ret, ret_why);
	}
	return false;
}
