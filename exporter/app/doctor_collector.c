/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "app/doctor.h"
#include "app/doctor_sample.h"
#include "base/error.h"
#include "collector/collector.h"
#include "collector/pairs.h"
#include "encode/encoder.h"

#define MESSAGE_MAX 1420
#define MESSAGES_MAX 256 /* of templates and options, at most */
#define SEND_US (10 * G_USEC_PER_SEC)

#define OK(topic, ...) nfp_doctor_add(doctor, NFP_DOCTOR_OK, topic, NULL, __VA_ARGS__)
#define WARN(topic, advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_WARN, topic, advice, __VA_ARGS__)
#define FAIL(topic, advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_FAIL, topic, advice, __VA_ARGS__)

static const char *protocol_of(const NfpCollectorOptions *o)
{
	return o->protocol ? o->protocol : nfp_collector_protocol(o->endpoint);
}

/* ---- messages ------------------------------------------------------------------------------------ */

static NfpEncoder *make_encoder(const NfpCollectorOptions *o, const NfpTemplateSet *set, const char *hostname,
				uint64_t now, GError **err)
{
	return nfp_encoder_new(&(NfpEncoderOptions){
		.protocol = protocol_of(o),
		.templates = set,
		.domain = o->domain,
		.sampling = 1,
		.hostname = hostname,
		.pen = o->pen,
		.peer = o->kind,
		.boot_ms = (now / NFP_NS_PER_S - 3600) * 1000,
	}, err);
}

/* Templates, options, and the record; GBytes. err: what cannot be sent. */
static GPtrArray *make_messages(NfpEncoder *encoder, const NfpRecord *record, gsize message_min,
				uint64_t now, GError **err)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	gsize size = nfp_encoder_message(encoder) ? nfp_encoder_message(encoder) : MAX(MESSAGE_MAX, message_min);
	g_autofree uint8_t *out = g_malloc(size);
	NfpEncoderStats stats = { 0 };
	uint32_t used = 0, unsendable = 0, seconds = (uint32_t)(now / NFP_NS_PER_S);
	ssize_t n;

	nfp_encoder_start_session(encoder);
	nfp_encoder_refresh(encoder, 0);
	while ((n = nfp_encoder_announce(encoder, 0, seconds, &stats, out, size)) > 0 && messages->len < MESSAGES_MAX)
		g_ptr_array_add(messages, g_bytes_new(out, (gsize)n));
	while (n >= 0 && !used) {
		n = nfp_encoder_records(encoder, 0, seconds, record, 1, out, size, &used, &unsendable);
		if (n > 0)
			g_ptr_array_add(messages, g_bytes_new(out, (gsize)n));
	}
	if (n < 0 || unsendable) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s",
			    unsendable ? "no template of the set takes a plain IPv4 record" :
					 "templates or records are longer than a message");
		return NULL;
	}
	return g_steal_pointer(&messages);
}

/* ---- judges -------------------------------------------------------------------------------------- */

static void judge_by_tshark(NfpDoctor *doctor, GPtrArray *messages, uint64_t now)
{
	g_autofree char *path = NULL, *complaints = NULL;
	g_autoptr(GError) error = NULL;
	int fd = g_file_open_tmp("nfprobe-doctor-XXXXXX.pcap", &path, &error);
	guint records = 0;

	if (fd < 0) {
		WARN("decoder", NULL, "%s", error->message);
		return;
	}
	close(fd);
	if (!nfp_sample_write_pcap(path, messages, (uint32_t)(now / NFP_NS_PER_S), &error) ||
	    !nfp_sample_dissect(path, &complaints, &records, &error))
		WARN("decoder", "apt install tshark", "the messages were not read by another decoder: %s", error->message);
	else if (*complaints || records != 1)
		FAIL("decoder", "please report this", "tshark shows %u records of the sample and says: %s", records,
		     *complaints ? complaints : "nothing");
	else
		OK("decoder", "tshark reads the templates and the sample, and has nothing to complain of");
	g_unlink(path);
}

static void judge_json(NfpDoctor *doctor, GPtrArray *messages)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	gsize size;
	const char *line = g_bytes_get_data(g_ptr_array_index(messages, messages->len - 1), &size);

	if (json_parser_load_from_data(parser, line, (gssize)size, &error))
		OK("decoder", "the sample is JSON: %u members",
		   json_object_get_size(json_node_get_object(json_parser_get_root(parser))));
	else
		FAIL("decoder", "please report this", "the sample is no JSON: %s", error->message);
}

static void judge(NfpDoctor *doctor, const NfpCollectorOptions *o, const NfpTemplateSet *set, const char *hostname,
		  uint64_t now)
{
	NfpRecord record = nfp_sample_record(now, o->biflow);
	gsize message_min = nfp_pair_find(protocol_of(o))->message_min;
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpEncoder) encoder = make_encoder(o, set, hostname, now, &error);
	g_autoptr(GPtrArray) messages = encoder ? make_messages(encoder, &record, message_min, now, &error) : NULL;

	if (!messages) {
		FAIL("encoder", "nfprobe check tells more", "%s", error->message);
		return;
	}
	OK("encoder", "%u message%s: what is announced, and one sample record", messages->len,
	   messages->len == 1 ? "" : "s");
	if (g_str_equal(protocol_of(o), "ipfix") || g_str_equal(protocol_of(o), "netflow9"))
		judge_by_tshark(doctor, messages, now);
	else if (g_str_equal(protocol_of(o), "json"))
		judge_json(doctor, messages);
	else
		WARN("decoder", NULL, "there is no other decoder of %s here", protocol_of(o));
}

/* ---- fields -------------------------------------------------------------------------------------- */

static char *mapped_fields(const NfpCollectorOptions *o, const NfpTemplateSet *set)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < nfp_fields_n; i++) {
		gboolean used = FALSE;

		if (nfp_peer_reads(o->kind, &nfp_fields[i], g_str_equal(protocol_of(o), "netflow9")) != NFP_READS_MAPPED ||
		    nfp_encoder_refuses(protocol_of(o), &nfp_fields[i]))
			continue;
		for (guint t = 0; t < set->n; t++)
			for (guint f = 0; f < set->templates[t].n; f++)
				used |= set->templates[t].fields[f] == &nfp_fields[i];
		if (used)
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", nfp_fields[i].name);
	}
	return names->len ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

static void tell_fields(NfpDoctor *doctor, const NfpCollectorOptions *o, const NfpTemplateSet *set)
{
	g_autofree char *ignored = nfp_collector_fields_ignored(o, set), *left_out = nfp_collector_fields_left_out(o, set);
	g_autofree char *mapped = mapped_fields(o, set);
	const char *kind = nfp_peer_names[o->kind];

	if (g_str_equal(protocol_of(o), "ntopng")) {
		OK("fields", "ntopng gets the elements that it knows (docs/ntopng.md); the template set does not count");
		return;
	}
	if (o->kind == NFP_PEER_other)
		WARN("fields", "kind: nfdump, pmacct, goflow2, akvorado, ntopng, nprobe or libfixbuf",
		     "what receives is not known: which fields it reads cannot be told");
	if (left_out)
		OK("fields", "not sent, for %s or %s has no place for them or misreads them: %s", protocol_of(o), kind, left_out);
	if (ignored)
		WARN("fields", "a template set of your own sends less (templates:)", "%s ignores: %s", kind, ignored);
	if (mapped)
		WARN("fields", "docs/fields.md has the ids", "%s reads by its own configuration only: %s", kind, mapped);
	if (o->kind != NFP_PEER_other && !ignored && !mapped)
		OK("fields", "%s reads every field that is sent", kind);
}

/* ---- to the collector ---------------------------------------------------------------------------- */

static void send_sample(NfpDoctor *doctor, const NfpCollectorOptions *o, const NfpTemplateSet *set, const char *hostname,
			uint64_t now)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpCollector) collector = nfp_collector_new(o, set, hostname, &nfp_clock_system, &error);
	g_autoptr(NfpBatch) batch = nfp_batch_new(1, NULL);
	NfpCollectorStatus status;

	if (!collector) {
		FAIL("sample", NULL, "%s", error->message);
		return;
	}
	batch->records[batch->n++] = nfp_sample_record(now, o->biflow);
	batch->bucket_start_ns = batch->records[0].bucket_start_ns;
	batch->bucket_end_ns = batch->records[0].bucket_end_ns;
	nfp_collector_publish(collector, batch);
	nfp_collector_stop(collector, g_get_monotonic_time() + SEND_US);
	nfp_collector_status(collector, &status);
	if (status.records == 1 && !status.unacked_records && !status.send_errors)
		OK("sample", "sent: %s > %s, protocol %u, 1 packet of 100 octets. Look for it there",
		   NFP_SAMPLE_SOURCE, NFP_SAMPLE_DESTINATION, NFP_SAMPLE_PROTOCOL);
	else
		FAIL("sample", "nfprobe doctor -c FILE tells whether the collector answers", "%s",
		     status.records ? "handed over, but not known to have arrived" : "not sent: nobody took it in 10 s");
}

static const NfpCollectorOptions *find(const NfpConf *conf, const char *name, GError **err)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < conf->collectors->len; i++) {
		const NfpCollectorOptions *o = &g_array_index(conf->collectors, NfpCollectorOptions, i);

		if (g_str_equal(o->name, name))
			return o;
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", o->name);
	}
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "there is no collector \"%s\"; the configuration has %s", name,
		    names->len ? names->str : "none");
	return NULL;
}

gboolean nfp_doctor_collector(NfpDoctor *doctor, const NfpConf *conf, const char *name, gboolean send, GError **err)
{
	const NfpCollectorOptions *o = find(conf, name, err);
	g_autoptr(NfpTemplateSet) set = o ? nfp_template_set_load(conf->templates, o->template_set, err) : NULL;
	uint64_t now = (uint64_t)nfp_clock_system.realtime(&nfp_clock_system);

	if (!set)
		return FALSE;
	OK("collector", "%s: %s to %s, set %s, kind %s", o->name, protocol_of(o), o->endpoint, set->name,
	   nfp_peer_names[o->kind]);
	judge(doctor, o, set, conf->hostname, now);
	tell_fields(doctor, o, set);
	if (send)
		send_sample(doctor, o, set, conf->hostname, now);
	return TRUE;
}
