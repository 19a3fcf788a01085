// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "encode/options.h"
#include "support/encode_records.h"

/* Options of an exporter whose set has these fields, and what they tell. */
typedef struct {
	NfpTemplateSet *set;
	NfpEncoderOptions options;
	GArray *rows;
	NfpOptionFacts facts;
} World;

static World world_new(const char *hostname, NfpPeer peer, gboolean netflow9)
{
	static const guint fields[] = { NFP_F_tunnelType, NFP_F_tcpMss, NFP_F_flowId, NFP_F_sourceCity,
					NFP_F_tunnelType, NFP_F_applicationId, NFP_F_reversePacketDeltaCount };
	World world = { .set = nfp_test_set(fields, G_N_ELEMENTS(fields)) };

	world.options = (NfpEncoderOptions){ .templates = world.set, .domain = 7, .sampling = 1,
					     .hostname = hostname, .peer = peer, .pen = 4242 };
	world.rows = nfp_options_new(&world.options, netflow9);
	nfp_option_facts_init(&world.facts, &world.options);
	return world;
}

static void world_clear(World *world)
{
	g_array_unref(world->rows);
	nfp_option_facts_clear(&world->facts);
	nfp_template_set_free(world->set);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static const NfpOption *find(const World *world, const char *element)
{
	for (guint i = 0; i < world->rows->len; i++) {
		const NfpOption *option = &g_array_index(world->rows, NfpOption, i);

		for (guint e = 0; e < option->n; e++)
			if (strcmp(option->elements[e].name, element) == 0)
				return option;
	}
	return NULL;
}

static void expect(const World *world, const char *element, uint32_t domain, guint row, const void *want, gsize size)
{
	g_autoptr(GBytes) record = nfp_option_record(find(world, element), &world->facts, domain, row);

	cr_assert_not_null(record, "%s", element);
	cr_assert_eq(g_bytes_get_size(record), size, "%s: %zu octets", element, g_bytes_get_size(record));
	cr_assert(memcmp(g_bytes_get_data(record, NULL), want, size) == 0, "%s", element);
}

Test(options, sampling_stands_alone)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	const NfpOption *sampling = find(&world, "samplingInterval");

	cr_assert_eq(sampling->n, 2, "nfdump 1.7.1 ignores it with a field beside it");
	cr_assert_eq(sampling->elements[1].length, 4);
	cr_assert_not(sampling->process);
	world.facts.domain = 7;
	expect(&world, "samplingInterval", 0, 0, "\0\0\0\7\0\0\0\1", 8);
}

Test(options, the_name_has_its_own_length_or_is_left_out)
{
	g_auto(World) named = world_new("edge1", NFP_PEER_other, FALSE);
	g_auto(World) unnamed = world_new(NULL, NFP_PEER_other, FALSE);
	g_auto(World) empty = world_new("", NFP_PEER_other, FALSE);

	cr_assert_eq(find(&named, "observationDomainName")->elements[1].length, 5);
	expect(&named, "observationDomainName", 0, 0, "\0\0\0\0edge1", 9);
	cr_assert_null(find(&unnamed, "observationDomainName"));
	cr_assert_null(find(&empty, "observationDomainName"));
	cr_assert_eq(unnamed.rows->len, named.rows->len - 1);
}

Test(options, names_end_before_what_is_no_letter)
{
	g_autofree char *lengthy = g_strnfill(300, 'x');
	static const struct {
		const char *text;
		guint length;
	} cases[] = { { "edge1", 5 }, { "ab\xff" "cd", 2 }, { "\xe2\x82\xac", 3 }, { "\xe2\x82", 0 } };

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(World) world = world_new(cases[i].text, NFP_PEER_other, FALSE);

		cr_assert_eq(world.facts.name.length, cases[i].length);
		cr_assert(memcmp(world.facts.name.text, cases[i].text, cases[i].length) == 0);
	}
	g_auto(World) world = world_new(lengthy, NFP_PEER_other, FALSE);

	cr_assert_eq(world.facts.name.length, NFP_OPTION_NAME);
}

Test(options, statistics)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);

	world.facts.stats = (NfpEncoderStats){ .messages = 1, .records = 2, .octets = 3, .lost_packets = 4,
					       .lost_first = 5, .lost_last = 6, .not_sent_records = 7,
					       .not_sent_packets = 8, .not_sent_octets = 9, .not_sent_first = 10,
					       .not_sent_last = 11 };
	expect(&world, "exportedMessageTotalCount", 0, 0,
	       "\0\0\0\0" "\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\2" "\0\0\0\0\0\0\0\3", 28);
	expect(&world, "ignoredPacketTotalCount", 0, 0, "\0\0\0\0" "\0\0\0\0\0\0\0\4" "\0\0\0\5" "\0\0\0\6",
	       20);
	expect(&world, "notSentFlowTotalCount", 0, 0,
	       "\0\0\0\7" "\0\0\0\0\0\0\0\7" "\0\0\0\0\0\0\0\x8" "\0\0\0\0\0\0\0\x9"
	       "\0\0\0\xa" "\0\0\0\xb", 36);
	cr_assert(find(&world, "notSentFlowTotalCount")->process);
}

static NfpText text(const char *t)
{
	return (NfpText){ t, (uint16_t)strlen(t) };
}

static void add_tables(World *world)
{
	NfpNameTables *tables = nfp_name_tables_new();

	nfp_name_tables_add_port(tables, 0, 3, &(NfpPort){ .name = text("eth3"), .description = text("uplink") });
	nfp_name_tables_add_port(tables, 1, 4, &(NfpPort){ .name = text("eth4"), .vrf_id = 9, .vrf = text("blue") });
	nfp_name_tables_add_port(tables, 1, 5, &(NfpPort){ .name = text("eth5"), .vrf_id = 9, .vrf = text("blue") });
	nfp_name_tables_add_application(tables, &(NfpApplication){ .id = 0x03000050, .name = text("http") });
	world->facts.tables = tables;
}

Test(options, interfaces_as_nfdump_reads_them_and_the_name_behind)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	g_auto(World) nfdump = world_new("edge1", NFP_PEER_nfdump, FALSE);
	const NfpOption *ports = find(&world, "interfaceDescription");
	uint8_t want[8 + 64 + 16] = { 0, 0, 0, 3, 0, 0, 0, 3, 'u', 'p', 'l', 'i', 'n', 'k' };

	cr_assert_eq(nfp_option_rows(ports, &world.facts), 0, "nothing is known");
	cr_assert_not(nfp_option_has_rows(ports, &world.facts, 0));
	add_tables(&world);
	cr_assert_eq(ports->scopes, 1);
	memcpy(want + 72, "eth3", 4);
	expect(&world, "interfaceDescription", 0, 0, want, sizeof(want));
	cr_assert_null(nfp_option_record(ports, &world.facts, 0, 1), "of another domain");
	memset(want, 0, sizeof(want));
	want[3] = want[7] = 4;
	memcpy(want + 8, "eth4", 4);
	memcpy(want + 72, "eth4", 4);
	expect(&world, "interfaceDescription", 1, 1, want, sizeof(want));
	add_tables(&nfdump);
	expect(&nfdump, "interfaceDescription", 1, 1, want, 72);
	cr_assert_null(find(&nfdump, "interfaceName"));
}

Test(options, each_vrf_once)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	const NfpOption *vrfs = find(&world, "VRFname");
	uint8_t want[8 + 32] = { 0, 0, 0, 9, 0, 0, 0, 9, 'b', 'l', 'u', 'e' };

	add_tables(&world);
	cr_assert_not(nfp_option_has_rows(vrfs, &world.facts, 0));
	cr_assert(nfp_option_has_rows(vrfs, &world.facts, 1));
	expect(&world, "VRFname", 1, 1, want, sizeof(want));
	cr_assert_null(nfp_option_record(vrfs, &world.facts, 1, 2));
}

Test(options, applications)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	uint8_t want[8 + 24 + 55] = { 3, 0, 0, 80, 3, 0, 0, 80, 'h', 't', 't', 'p' };

	add_tables(&world);
	memcpy(want + 32, "http", 4);
	expect(&world, "applicationName", 0, 0, want, sizeof(want));
}

/* nfdump 1.7.1 takes applicationId for something else by IPFIX, so that it leaves by NetFlow v9 alone: no names without
 * the numbers. */
Test(options, no_applications_that_no_record_has)
{
	g_auto(World) ten = world_new("edge1", NFP_PEER_nfdump, FALSE);
	g_auto(World) nine = world_new("edge1", NFP_PEER_nfdump, TRUE);

	cr_assert_null(find(&ten, "applicationName"));
	cr_assert_not_null(find(&nine, "applicationName"));
}

/* RFC 5610: one record for each enterprise element that the set has, under the number of the configuration. */
Test(options, types_of_enterprise_elements)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	g_auto(World) pmacct = world_new("edge1", NFP_PEER_pmacct, FALSE);
	const NfpOption *types = find(&world, "informationElementName");
	g_autoptr(GBytes) record = nfp_option_record(types, &world.facts, 0, 0);
	static const uint8_t want[] = { 0, 0, 0x10, 0x92, 0, 1, 1, 0, 0, 0 };
	const uint8_t *data = g_bytes_get_data(record, NULL);

	cr_assert_eq(nfp_option_rows(types, &world.facts), 3, "tunnelType, tcpMss, sourceCity; not the other direction's");
	cr_assert_eq(types->scopes, 2);
	cr_assert(memcmp(data, want, sizeof(want)) == 0);
	cr_assert_eq(data[26], strlen("tunnelType"));
	cr_assert(memcmp(data + 27, "tunnelType", 10) == 0);
	cr_assert_eq(data[37], strlen(nfp_fields[NFP_F_tunnelType].help));
	cr_assert_null(find(&pmacct, "informationElementName"), "it reads no options of variable length");
}

/* RFC 3954 6.1: all are of the system, whose value is the Source ID. */
Test(options, netflow9_knows_the_system_only)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, TRUE);
	uint8_t want[8 + 64 + 16] = { 0, 0, 0, 7, 0, 0, 0, 3, 'u', 'p', 'l', 'i', 'n', 'k' };

	for (guint i = 0; i < world.rows->len; i++) {
		const NfpOption *option = &g_array_index(world.rows, NfpOption, i);

		cr_assert_eq(option->scopes, 1);
		cr_assert_eq(option->elements[0].id, 1);
		cr_assert_eq(option->elements[0].length, 4);
	}
	cr_assert_null(find(&world, "informationElementName"));
	world.facts.domain = 7;
	memcpy(want + 72, "eth3", 4);
	add_tables(&world);
	expect(&world, "interfaceDescription", 0, 0, want, sizeof(want));
}

/* RFC 5476 6.5.2.1: every packet is taken; nobody is told a rate that he would misread. */
Test(options, selector_report)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	g_auto(World) nfdump = world_new("edge1", NFP_PEER_nfdump, FALSE);
	g_auto(World) nine = world_new("edge1", NFP_PEER_other, TRUE);
	static const uint8_t want[] = { 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 };
	NfpEncoderOptions sampled = world.options;
	g_autoptr(GArray) other = NULL, books = NULL;

	expect(&world, "samplingPacketSpace", 0, 0, want, sizeof(want));
	cr_assert_eq(find(&world, "samplingPacketSpace")->scopes, 1);
	cr_assert_null(find(&nfdump, "samplingPacketSpace"));
	cr_assert_null(find(&nine, "samplingPacketSpace"));
	sampled.sampling = 100;
	other = nfp_options_new(&sampled, FALSE);
	sampled.peer = NFP_PEER_libfixbuf;
	books = nfp_options_new(&sampled, FALSE);
	cr_assert_eq(other->len + 1, books->len, "goflow2 would take 1 in 100 for 1 in 1");
}

/* RFC 7011 4.4: of templates that have carried records. */
Test(options, flow_keys)
{
	g_auto(World) world = world_new("edge1", NFP_PEER_other, FALSE);
	g_auto(World) pmacct = world_new("edge1", NFP_PEER_pmacct, FALSE);
	static const uint8_t want[] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d };
	const NfpField *fields[] = { &nfp_fields[NFP_F_sourceIPv4Address], &nfp_fields[NFP_F_octetDeltaCount],
				     &nfp_fields[NFP_F_vlanId], &nfp_fields[NFP_F_flowId] };
	const NfpField *many[100], *none[] = { &nfp_fields[NFP_F_octetDeltaCount] };
	const NfpOption *keys = find(&world, "flowKeyIndicator");

	for (guint i = 0; i < G_N_ELEMENTS(many); i++)
		many[i] = fields[0];
	nfp_option_facts_add_template(&world.facts, 256, fields, G_N_ELEMENTS(fields));
	nfp_option_facts_add_template(&world.facts, 257, many, G_N_ELEMENTS(many));
	nfp_option_facts_add_template(&world.facts, 258, none, G_N_ELEMENTS(none));
	cr_assert_not(nfp_option_has_rows(keys, &world.facts, 0), "none has carried records");
	for (guint i = 0; i < 3; i++)
		g_array_index(world.facts.keys, NfpOptionKeys, i).used = TRUE;
	cr_assert_eq(keys->scopes, 1);
	expect(&world, "flowKeyIndicator", 0, 0, want, sizeof(want));
	cr_assert_eq(g_array_index(world.facts.keys, NfpOptionKeys, 1).fields, UINT64_MAX);
	cr_assert_null(nfp_option_record(keys, &world.facts, 0, 2), "no key is left in it");
	cr_assert_null(find(&pmacct, "flowKeyIndicator"));
}
