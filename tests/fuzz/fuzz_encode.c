// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any records, by any template set, through every encoder, for every peer, into buffers of every size: never an octet more
 * than there is room for (the buffer is exactly that long: ASan), all records taken or refused, and what is written of
 * IPFIX and NetFlow v9 is Sets end to end in a message of its own length, whose sequence goes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/encoder.h"

#define RECORDS 16  /* of an input, at most */
#define TEXTS 8
#define MESSAGES 100 /* of an input, at most: announcements of small messages are many */

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

/* ---- input: zeros behind its end ---------------------------------------------------------------- */

typedef struct {
	const uint8_t *at, *end;
} Input;

static uint8_t next8(Input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static uint32_t next16(Input *in)
{
	uint32_t high = next8(in);

	return high << 8 | next8(in);
}

static uint32_t next32(Input *in)
{
	uint32_t high = next16(in);

	return high << 16 | next16(in);
}

/* Octets of a member that the input has; the rest stays as it is. */
static void next_octets(Input *in, void *to, gsize n)
{
	gsize there = MIN(n, (gsize)(in->end - in->at));

	memcpy(to, in->at, there);
	in->at += there;
}

/* ---- what records point to ------------------------------------------------------------------------ */

typedef struct {
	char *texts[TEXTS];
	NfpText text[TEXTS];
	NfpPlace place[4];
	NfpPort port[4];
	NfpApplication application[4];
} World;

/* Of valid UTF-8, as everything that comes from outside is checked for (enrich/load.c, app/names.c). */
static void make_text(Input *in, World *w, guint i)
{
	static const guint lengths[] = { 0, 1, 15, 254, 255, 256, 1000, 16 };
	guint n = lengths[next8(in) % G_N_ELEMENTS(lengths)];
	g_autofree char *raw = g_malloc0(n + 1);

	memset(raw, 'a' + (int)i, n);
	next_octets(in, raw, MIN(n, 16));
	w->texts[i] = g_utf8_make_valid(raw, -1);
	/* Exactly as long: what is read behind it is found. */
	w->text[i].length = (uint16_t)strlen(w->texts[i]);
	char *exact = g_memdup2(w->texts[i], MAX(w->text[i].length, 1));

	g_free(w->texts[i]);
	w->texts[i] = exact;
	w->text[i].text = exact;
}

static NfpText some_text(Input *in, const World *w)
{
	return w->text[next8(in) % TEXTS];
}

static void make_world(Input *in, World *w)
{
	for (guint i = 0; i < TEXTS; i++)
		make_text(in, w, i);
	for (guint i = 0; i < 4; i++) {
		w->place[i].as_number = next32(in);
		w->place[i].as_name = some_text(in, w);
		w->place[i].country = some_text(in, w);
		w->place[i].city = some_text(in, w);
		w->place[i].site = some_text(in, w);
		w->place[i].customer = some_text(in, w);
		w->place[i].host = some_text(in, w);
		for (guint l = 0; l < NFP_LABELS; l++)
			w->place[i].labels[l] = w->text[(i + l) % TEXTS];
		w->port[i] = (NfpPort){ .speed = next32(in), .vrf_id = next8(in) % 3, .name = some_text(in, w),
					.description = some_text(in, w), .role = some_text(in, w), .vrf = some_text(in, w) };
		w->application[i] = (NfpApplication){ .id = next32(in), .name = some_text(in, w) };
	}
}

static void clear_world(World *w)
{
	for (guint i = 0; i < TEXTS; i++)
		g_free(w->texts[i]);
}

/* Whatever the input says, but for what a record cannot be: its pointers point, and rows of tables exist. */
static void make_record(Input *in, const World *w, NfpRecord *r)
{
	memset(r, (int)next8(in), sizeof(*r));
	next_octets(in, r, sizeof(*r));
	r->have = next32(in) | NFP_HAVE_ALWAYS;
	r->src_place = &w->place[next8(in) % 4];
	r->dst_place = &w->place[next8(in) % 4];
	r->ingress = &w->port[next8(in) % 4];
	r->egress = &w->port[next8(in) % 4];
	r->application = &w->application[next8(in) % 4];
	r->protocol_row %= 12;
	r->inner_row %= 12;
	r->tunnel_depth %= 5;
}

/* ---- templates -------------------------------------------------------------------------------------- */

/* Read once: that takes longer than all else here. */
static const NfpTemplateSet *built_in(guint i)
{
	static const char *const names[] = { "standard", "biflow", "enriched" };
	static NfpTemplateSet *sets[G_N_ELEMENTS(names)];

	if (sets[i] == NULL)
		sets[i] = nfp_template_set_load(NULL, names[i], NULL);
	return sets[i];
}

/* The input's fields in the input's order; wide: as many as there may be. */
static NfpTemplateSet *make_set(Input *in, gboolean wide)
{
	NfpTemplateSet *set;

	set = g_new0(NfpTemplateSet, 1);
	set->name = g_strdup("fuzz");
	set->n = 1 + next8(in) % 3;
	set->templates = g_new0(NfpTemplate, set->n);
	for (guint t = 0; t < set->n; t++) {
		NfpTemplate *template = &set->templates[t];

		template->name = g_strdup_printf("t%u", t);
		template->n = 1 + next8(in) % (wide ? NFP_TEMPLATE_FIELDS : 12);
		template->fields = g_new0(const NfpField *, template->n);
		template->need = t + 1 < set->n ? next32(in) | NFP_HAVE_ALWAYS : (uint32_t)NFP_HAVE_ALWAYS;
		for (guint i = 0; i < template->n; i++)
			template->fields[i] = &nfp_fields[next16(in) % nfp_fields_n];
	}
	return set;
}

/* ---- messages --------------------------------------------------------------------------------------- */

typedef struct {
	const char *protocol;
	NfpEncoder *encoder;
	uint32_t messages;
	struct {
		uint32_t source, next;
		gboolean begun;
	} sources[2]; /* NetFlow v9 counts messages: those of the process and those of the domain */
} Run;

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void check_sequence(Run *run, uint32_t source, uint32_t sequence)
{
	guint i = run->sources[0].begun && run->sources[0].source != source;

	must(!run->sources[i].begun || (run->sources[i].source == source && run->sources[i].next == sequence));
	run->sources[i].begun = TRUE;
	run->sources[i].source = source;
	run->sources[i].next = sequence + 1;
}

/* Sets end to end; of the Templates Sets and the rest that RFC 7011 and RFC 3954 know. */
static void check_sets(const uint8_t *at, const uint8_t *end, gboolean netflow9)
{
	while (at < end) {
		uint32_t id, length;

		must(end - at >= 4);
		id = (uint32_t)at[0] << 8 | at[1];
		length = (uint32_t)at[2] << 8 | at[3];
		must(length > 4 && length <= (gsize)(end - at));
		must(id >= 256 || (netflow9 ? id <= 1 : id == 2 || id == 3));
		must(!netflow9 || length % 4 == 0);
		at += length;
	}
}

static void check_message(Run *run, const uint8_t *out, gsize length)
{
	gboolean netflow9 = g_str_equal(run->protocol, "netflow9");

	run->messages++;
	if (netflow9) {
		must(length > 20 && out[0] == 0 && out[1] == 9);
		check_sequence(run, word(out + 16), word(out + 12));
		check_sets(out + 20, out + length, TRUE);
	} else if (g_str_equal(run->protocol, "ipfix")) {
		must(length > 16 && out[0] == 0 && out[1] == 10);
		must(((gsize)out[2] << 8 | out[3]) == length);
		check_sets(out + 16, out + length, FALSE);
	} else if (g_str_equal(run->protocol, "json")) {
		must(g_utf8_validate((const char *)out, (gssize)length, NULL) && out[length - 1] == '\n');
	} else {
		must(length > 37 && out[0] == 36);
	}
}

/* FALSE: it does not fit; then nothing was written at all. */
static gboolean announce(Run *run, uint32_t domain, const NfpEncoderStats *stats, gsize size)
{
	ssize_t length = 1;

	while (length > 0 && run->messages < MESSAGES) {
		g_autofree uint8_t *out = g_malloc(size);

		length = nfp_encoder_announce(run->encoder, domain, 2000000000, stats, out, size);
		must(length <= (ssize_t)size && (length >= 0 || length == -EMSGSIZE));
		if (length > 0)
			check_message(run, out, (gsize)length);
	}
	return length >= 0;
}

static void send_records(Run *run, uint32_t domain, const NfpRecord *records, uint32_t n, gsize size)
{
	uint32_t done = 0, unsendable = 0, sent = 0;

	while (done < n && run->messages < MESSAGES) {
		g_autofree uint8_t *out = g_malloc(size);
		uint32_t used = 77777, lost = unsendable;
		ssize_t length = nfp_encoder_records(run->encoder, domain, 2000000000, records + done, n - done, out, size,
						     &used, &unsendable);

		must(length <= (ssize_t)size && (length >= 0 || length == -EMSGSIZE));
		if (length < 0) {
			must(used == 77777 && unsendable == lost);
			/* As a session does: this one cannot leave. */
			done++;
			continue;
		}
		must(used <= n - done && unsendable - lost <= used && (length > 0 || used > 0));
		must(length > 0 || unsendable - lost == used);
		if (length > 0)
			check_message(run, out, (gsize)length);
		sent += used - (unsendable - lost);
		done += used;
	}
	must(sent + unsendable <= n);
}

static NfpNameTables *make_tables(Input *in, const World *w)
{
	NfpNameTables *tables = nfp_name_tables_new();

	for (guint i = next8(in) % 8; i > 0; i--)
		nfp_name_tables_add_port(tables, next8(in) % 2, next8(in), &w->port[next8(in) % 4]);
	for (guint i = next8(in) % 8; i > 0; i--)
		nfp_name_tables_add_application(tables, &w->application[next8(in) % 4]);
	return tables;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const gsize sizes[] = { 40, 128, 512, 576, 1420, 8192, 32768, 65507 };
	Input in = { data, data + size };
	const char *const *protocols = nfp_encoder_protocols();
	uint8_t protocol = next8(&in) % (uint8_t)g_strv_length((char **)protocols);
	uint8_t pick = next8(&in);
	gsize room = pick < 128 ? sizes[pick % G_N_ELEMENTS(sizes)] : 1 + next16(&in) % 65507;
	uint8_t kind = next8(&in) % 6;
	g_autoptr(NfpTemplateSet) own = kind < 3 ? NULL : make_set(&in, kind == 5);
	NfpEncoderStats stats = { .messages = next32(&in), .lost_packets = next32(&in), .not_sent_records = next32(&in) };
	uint32_t n = 1 + next8(&in) % RECORDS;
	g_autofree NfpRecord *records = g_new0(NfpRecord, n);
	World world = { 0 };

	make_world(&in, &world);

	g_autoptr(NfpNameTables) tables = make_tables(&in, &world);
	NfpText hostname = some_text(&in, &world);
	g_autofree char *name = g_strndup(hostname.text, hostname.length);
	NfpEncoderOptions options = { .protocol = protocols[protocol],
				      .templates = own ? own : built_in(kind),
				      .domain = MAX(next32(&in) % (UINT32_MAX - 2), 1),
				      .sampling = next16(&in),
				      .hostname = name,
				      .first_sequence = next32(&in),
				      .reliable = next8(&in) % 2,
				      .pen = next8(&in) % 2 ? next32(&in) : 0,
				      .peer = (NfpPeer)(next8(&in) % NFP_PEERS_N),
				      .boot_ms = 1000000000000ull };
	NfpEncoder *encoder = nfp_encoder_new(&options, NULL);
	Run run = { .protocol = protocols[protocol], .encoder = encoder };

	for (uint32_t i = 0; i < n; i++)
		make_record(&in, &world, &records[i]);
	/* NULL: a set of which this protocol can carry nothing. */
	if (encoder != NULL) {
		uint32_t domain = next8(&in) % 2;

		nfp_encoder_set_tables(encoder, tables);
		nfp_encoder_start_session(encoder);
		for (guint round = 0; round < 2; round++) {
			nfp_encoder_refresh(encoder, domain);
			if (!announce(&run, domain, &stats, room))
				break;
			send_records(&run, domain, records, n, room);
		}
		nfp_encoder_free(encoder);
	}
	clear_world(&world);
	return 0;
}
