/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/ports.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "app/app.h"
#include "base/error.h"
#include "probe/survey.h"

NfpEnrichInterface nfp_ports_interface(const GArray *links, const NfpLink *link, uint32_t speed)
{
	const NfpLink *vrf = nfp_links_vrf(links, link);

	return (NfpEnrichInterface){
		.ifindex = link->ifindex,
		.name = link->name,
		.alias = link->alias,
		.vrf = vrf ? vrf->name : NULL,
		.vrf_id = vrf ? vrf->table : 0,
		.speed = speed,
	};
}

void nfp_ports_domain_clear(NfpPortsDomain *domain)
{
	g_clear_pointer(&domain->netns, g_free);
	g_clear_pointer(&domain->links, g_array_unref);
	g_clear_pointer(&domain->speeds, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpPortsDomain, nfp_ports_domain_clear)

gboolean nfp_ports_domain_read(NfpPortsDomain *domain, const NfpConf *conf, const char *netns, uint32_t number, GError **err)
{
	const NfpProbeOptions options = { .pin_root = conf->pin_root, .instance = conf->instance, .netns = netns };
	g_autoptr(NfpSurvey) survey = nfp_survey_new(&options, err);
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	int rc = survey ? nfp_survey_links(survey, links) : 0;

	if (rc)
		nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot list the interfaces");
	if (!survey || rc)
		return FALSE;
	*domain = (NfpPortsDomain){ .netns = g_strdup(netns), .domain = number, .speeds = g_new0(uint32_t, links->len + 1) };
	for (guint i = 0; i < links->len; i++)
		domain->speeds[i] = nfp_survey_speed(survey, g_array_index(links, NfpLink, i).name);
	domain->links = g_steal_pointer(&links);
	return TRUE;
}

/* ---- a row ------------------------------------------------------------------------------------------------- */

typedef struct {
	const NfpPortsDomain *domain;
	const NfpLink *link;
	const NfpPort *port;
	NfpPortRules rules;
	const char *upon; /* name of the device that it stands on, "" = none */
} Row;

static Row row_of(const NfpPortsDomain *domain, const NfpView *view, guint i)
{
	Row row = { .domain = domain, .link = &g_array_index(domain->links, NfpLink, i), .upon = "" };

	row.port = nfp_view_port(view, domain->domain, row.link->ifindex);
	row.rules = nfp_view_rules(view->snapshot, row.link->name);
	for (guint j = 0; row.link->lower && j < domain->links->len; j++)
		if (g_array_index(domain->links, NfpLink, j).ifindex == row.link->lower)
			row.upon = g_array_index(domain->links, NfpLink, j).name;
	return row;
}

static gboolean has_mac(const NfpLink *link)
{
	static const uint8_t none[6];

	return memcmp(link->mac, none, sizeof(none)) != 0;
}

static char *mac_text(const NfpLink *link)
{
	const uint8_t *m = link->mac;

	return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* ---- JSON -------------------------------------------------------------------------------------------------- */

static void add_text(JsonBuilder *b, const char *name, const char *text)
{
	json_builder_set_member_name(b, name);
	json_builder_add_string_value(b, text);
}

static void add_number(JsonBuilder *b, const char *name, uint32_t number)
{
	json_builder_set_member_name(b, name);
	json_builder_add_int_value(b, number);
}

/* A value, and whose word it is; neither, where nothing is known. */
static void add_word(JsonBuilder *b, const char *name, const char *text, const NfpInterfaceRule *rule)
{
	g_autofree char *from = g_strconcat(name, "_from", NULL);

	if (!*text)
		return;
	add_text(b, name, text);
	add_text(b, from, rule ? "database" : "kernel");
}

static void print_json(GString *out, const Row *row)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autofree char *mac = mac_text(row->link), *text = NULL;
	JsonNode *node;

	json_builder_begin_object(b);
	add_number(b, "domain", row->domain->domain);
	if (row->domain->netns)
		add_text(b, "netns", row->domain->netns);
	add_number(b, "ifindex", row->link->ifindex);
	add_text(b, "name", row->port->name.text);
	add_word(b, "description", row->port->description.text, row->rules.description);
	add_word(b, "role", row->port->role.text, row->rules.role);
	if (row->port->speed) {
		add_number(b, "speed", row->port->speed);
		add_text(b, "speed_from", row->rules.speed ? "database" : "kernel");
	}
	add_word(b, "vrf", row->port->vrf.text, row->rules.vrf);
	add_number(b, "vrf_id", row->port->vrf_id);
	if (has_mac(row->link))
		add_text(b, "mac", mac);
	if (*row->link->kind)
		add_text(b, "kind", row->link->kind);
	if (*row->upon)
		add_text(b, "parent", row->upon);
	json_builder_end_object(b);
	node = json_builder_get_root(b);
	json_generator_set_root(generator, node);
	text = json_generator_to_data(generator, NULL);
	json_node_unref(node);
	g_string_append_printf(out, "%s\n", text);
}

/* ---- a table ----------------------------------------------------------------------------------------------- */

enum { IFINDEX, NAME, ROLE, SPEED, VRF, MAC, PARENT, DESCRIPTION, COLUMNS };
static const char *const titles[COLUMNS] = { "ifindex", "name", "role", "Mbit/s", "VRF", "MAC", "parent", "description" };

/* Nothing that a terminal would obey; a star behind what the database says. Caller frees. */
static char *cell(const char *text, const NfpInterfaceRule *rule)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *c = valid; *c; c = g_utf8_next_char(c))
		g_string_append_unichar(out, g_unichar_isprint(g_utf8_get_char(c)) ? g_utf8_get_char(c) : ' ');
	if (!out->len)
		g_string_append_c(out, '-');
	else if (rule)
		g_string_append_c(out, '*');
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static char **cells(const Row *row)
{
	char **c = g_new0(char *, COLUMNS + 1);
	g_autofree char *speed = row->port->speed ? g_strdup_printf("%u", row->port->speed) : g_strdup("");
	g_autofree char *parent = *row->upon && *row->link->kind ? g_strdup_printf("%s (%s)", row->upon, row->link->kind)
								 : g_strdup(row->upon);
	g_autofree char *vrf = cell(row->port->vrf.text, row->rules.vrf);

	c[IFINDEX] = g_strdup_printf("%u", row->link->ifindex);
	c[NAME] = cell(row->port->name.text, NULL);
	c[ROLE] = cell(row->port->role.text, row->rules.role);
	c[SPEED] = cell(speed, row->rules.speed);
	c[VRF] = row->port->vrf_id ? g_strdup_printf("%s (%u)", vrf, row->port->vrf_id) : g_strdup(vrf);
	c[MAC] = has_mac(row->link) ? mac_text(row->link) : g_strdup("-");
	c[PARENT] = cell(parent, NULL);
	c[DESCRIPTION] = cell(row->port->description.text, row->rules.description);
	return c;
}

static void print_line(GString *out, char *const *line, const glong *widths)
{
	for (guint i = 0; i < COLUMNS; i++) {
		g_string_append(out, line[i]);
		for (glong n = g_utf8_strlen(line[i], -1); i + 1 < COLUMNS && n < widths[i] + 2; n++)
			g_string_append_c(out, ' ');
	}
	g_string_append_c(out, '\n');
}

static void print_table(GString *out, const NfpPortsDomain *domain, const GPtrArray *lines)
{
	glong widths[COLUMNS];

	for (guint i = 0; i < COLUMNS; i++) {
		widths[i] = g_utf8_strlen(titles[i], -1);
		for (guint j = 0; j < lines->len; j++)
			widths[i] = MAX(widths[i], g_utf8_strlen(((char **)g_ptr_array_index(lines, j))[i], -1));
	}
	if (domain->netns)
		g_string_append_printf(out, "network namespace %s, domain %u\n", domain->netns, domain->domain);
	print_line(out, (char *const *)titles, widths);
	for (guint j = 0; j < lines->len; j++)
		print_line(out, g_ptr_array_index(lines, j), widths);
}

void nfp_ports_print(GString *out, const NfpPortsDomain *domain, NfpSnapshot *snapshot, gboolean json)
{
	g_autoptr(GArray) interfaces = g_array_new(FALSE, FALSE, sizeof(NfpViewInterface));
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autoptr(NfpView) view = NULL;

	for (guint i = 0; i < domain->links->len; i++) {
		const NfpLink *link = &g_array_index(domain->links, NfpLink, i);
		NfpViewInterface entry = { domain->domain, nfp_ports_interface(domain->links, link, domain->speeds[i]) };

		g_array_append_val(interfaces, entry);
	}
	view = nfp_view_new(snapshot, interfaces, NULL);
	for (guint i = 0; i < domain->links->len; i++) {
		Row row = row_of(domain, view, i);

		if (json)
			print_json(out, &row);
		else
			g_ptr_array_add(lines, cells(&row));
	}
	if (!json)
		print_table(out, domain, lines);
}

void nfp_ports_print_all(GString *out, const NfpConf *conf, NfpSnapshot *snapshot, gboolean json,
			 void (*fault)(const GError *error, void *data), void *data)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);

	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);
		g_auto(NfpPortsDomain) ports = { 0 };
		g_autoptr(GError) error = NULL;

		if (!nfp_ports_domain_read(&ports, conf, domain->netns, domain->domain, &error)) {
			g_prefix_error(&error, "network namespace %s: ", domain->netns ? domain->netns : "of our own");
			fault(error, data);
			continue;
		}
		if (!json && out->len)
			g_string_append_c(out, '\n');
		nfp_ports_print(out, &ports, snapshot, json);
	}
	if (!json && out->len)
		g_string_append(out, "\n* as the database has it; the rest as the kernel has it\n");
}
