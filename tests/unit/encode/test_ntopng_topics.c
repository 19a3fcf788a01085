// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "encode/ntopng_flow.h"
#include "encode/ntopng_topics.h"

static JsonNode *parse(const GString *text)
{
	g_autoptr(GError) err = NULL;
	JsonNode *node = json_from_string(text->str, &err);

	cr_assert_not_null(node, "%s: %s", err ? err->message : "", text->str);
	return node;
}

static void learn(NfpNtopngPorts *ports, uint32_t ifindex, const char *name)
{
	NfpPort port = { .name = { name, (uint16_t)strlen(name) }, .speed = ifindex * 10 };

	nfp_ntopng_ports_learn(ports, ifindex, &port);
}

Test(ntopng_topics, names_of_interfaces)
{
	g_autofree NfpNtopngPorts *ports = g_new0(NfpNtopngPorts, 1);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(JsonNode) node = NULL;
	JsonObject *names;

	learn(ports, 0, "none");
	learn(ports, 7, "");
	nfp_ntopng_ports_print(ports, "192.0.2.1", 1000, text);
	cr_assert_eq(text->len, 0);
	learn(ports, 2, "eth0");
	learn(ports, 3, "a\"b\\c\n\xff");
	cr_assert(ports->changed);
	nfp_ntopng_ports_print(ports, "192.0.2.1", 1000, text);
	cr_assert_not(ports->changed);
	learn(ports, 2, "eth0");
	cr_assert_not(ports->changed);
	node = parse(text);
	names = json_object_get_object_member(json_node_get_object(node), "192.0.2.1");
	cr_assert_eq(json_object_get_size(names), 2);
	cr_assert_str_eq(json_object_get_string_member(names, "2"), "eth0");
	cr_assert_str_eq(json_object_get_string_member(names, "3"), "a\"b\\c\n\xef\xbf\xbd");
	learn(ports, 2, "wan");
	cr_assert(ports->changed);
	cr_assert_eq(ports->n, 2);
	cr_assert_eq(ports->speed, 30);
}

Test(ntopng_topics, many_interfaces_and_little_room)
{
	g_autofree NfpNtopngPorts *ports = g_new0(NfpNtopngPorts, 1);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(JsonNode) node = NULL;

	for (uint32_t i = 1; i <= 5000; i++) {
		g_autofree char *name = g_strdup_printf("interface%u", i);

		learn(ports, i, name);
	}
	cr_assert(ports->n > NFP_NTOPNG_PORTS / 2 && ports->n <= NFP_NTOPNG_PORTS, "%u", ports->n);
	nfp_ntopng_ports_print(ports, "2001:db8::1", 1500, text);
	cr_assert(text->len <= 1500 && text->len > 1400);
	node = parse(text);

	/* Who was met last has a name, whoever was there before. */
	g_string_truncate(text, 0);
	nfp_ntopng_ports_print(ports, "2001:db8::1", 1000000, text);
	cr_assert(strstr(text->str, "\"interface5000\"") && strstr(text->str, "\"interface4999\""));
	cr_assert_not(strstr(text->str, "\"interface1\""));
}

Test(ntopng_topics, event)
{
	NfpNtopngEvent event = { .hostname = "edge\"1", .address = "192.0.2.1", .source_id = 0xfedcba98,
				 .lifetime = 60, .packets = 5, .octets = 1ull << 40, .flows = 3, .refused_records = 9 };
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(JsonNode) node = NULL;
	JsonObject *object;

	nfp_ntopng_event_print(&event, 1700000000, text);
	node = parse(text);
	object = json_node_get_object(node);
	cr_assert_eq(json_object_get_int_member(object, "time"), 1700000000);
	cr_assert_eq(json_object_get_int_member(object, "bytes"), 1ll << 40);
	cr_assert_str_eq(json_object_get_string_member(json_object_get_object_member(object, "iface"), "name"),
			 "edge\"1");
	cr_assert_eq(json_object_get_int_member(json_object_get_object_member(object, "probe"), "unique_source_id"),
		     0xfedcba98);
	cr_assert_eq(json_object_get_int_member(json_object_get_object_member(object, "drops"), "export_queue_full"),
		     9);
}

Test(ntopng_topics, template_and_options)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(JsonNode) node = NULL;

	nfp_ntopng_template_print(text);
	node = parse(text);
	cr_assert_eq(json_array_get_length(json_node_get_array(node)), nfp_ntopng_elements_n);
	for (guint i = 0;; i++) {
		g_autoptr(JsonNode) option = NULL;

		g_string_truncate(text, 0);
		if (!nfp_ntopng_option_print(i, text)) {
			cr_assert_gt(i, 0);
			break;
		}
		option = parse(text);
		cr_assert(json_object_has_member(json_node_get_object(option), "map"));
	}
}
