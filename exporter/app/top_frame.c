/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look as lines of text. */
#include <stdarg.h>
#include <string.h>

#include "app/top_view.h"
#include "harvest/rows.h"
#include "record/text.h"

#define U64 G_GUINT64_FORMAT

enum { W_FIGURE = 8, W_EXACT = 14, W_INTERFACE = 10, W_PROTOCOL = 5, W_ADDRESS_LEAST = 12, W_ADDRESS_MOST = 47 };

typedef struct {
	GPtrArray *lines;
	guint width;
} Frame;

static void line_free(void *data)
{
	NfpTopLine *line = data;

	g_free(line->text);
	g_free(line);
}

/* Names of interfaces and typed words may hold anything: what is no ASCII would take another number of columns. */
static void put(Frame *f, NfpTopStyle style, const char *text)
{
	NfpTopLine *line = g_new0(NfpTopLine, 1);

	line->style = style;
	line->text = g_strndup(text, f->width);
	for (char *c = line->text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	g_ptr_array_add(f->lines, line);
}

G_GNUC_PRINTF(3, 4)
static void print(Frame *f, NfpTopStyle style, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	put(f, style, text);
}

/* "0", "7.5", "1234", "12.3k", "1.23M": at most 6 columns. */
static void figure(GString *out, double value)
{
	static const char units[] = " kMGTPE";
	char text[16];
	guint unit = 0;

	while (value >= (unit ? 999.5 : 9999.5) && unit < sizeof(units) - 2) {
		value /= 1000;
		unit++;
	}
	if (!unit)
		g_snprintf(text, sizeof(text), value > 0 && value < 9.95 && value != (double)(int)value ? "%.1f" : "%.0f", value);
	else
		g_snprintf(text, sizeof(text), value < 9.995 ? "%.2f%c" : value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	g_string_append_printf(out, " %*s", W_FIGURE, text);
}

/* ---- head ---------------------------------------------------------------------------------------- */

static void title(Frame *f, const NfpTopLook *look, const NfpTopView *view)
{
	g_autoptr(GDateTime) time = look ? g_date_time_new_from_unix_local((gint64)(look->time / 1000000000)) : NULL;
	g_autofree char *clock = time ? g_date_time_format(time, "%H:%M:%S") : g_strdup("--:--:--");
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "nfprobe top  %s", clock);
	if (look && look->uptime >= 0)
		g_string_append_printf(text, "  up %" G_GINT64_FORMAT ":%02d:%02d", look->uptime / 3600,
				       (int)(look->uptime / 60 % 60), (int)(look->uptime % 60));
	else if (look)
		g_string_append(text, "  no daemon answers");
	g_string_append_printf(text, "  every %u s%s", view->every, view->paused ? "  PAUSED" : "");
	put(f, NFP_TOP_TITLE, text->str);
}

static void books(Frame *f, const NfpTopLook *look)
{
	const NfpBooks *t = &look->total;
	g_autoptr(GString) text = g_string_new(NULL);
	uint64_t lost = 0;

	for (int i = 0; i < NFP_LOST_N; i++)
		lost += t->lost[i];
	print(f, lost ? NFP_TOP_ALARM : NFP_TOP_PLAIN, "seen %" U64 "  in records %" U64 "  open %" U64 "  lost %" U64 "  books %s",
	      t->seen, t->recorded, t->open, lost, look->balanced ? "closed" : "not closed while traffic runs");
	g_string_append_printf(text, "flows %" U64, look->flows_n);
	if (look->fullest < NFP_P_N)
		g_string_append_printf(text, "  fullest table %s %.*f%%", nfp_row_name(look->fullest), look->fill < 0.1 ? 1 : 0,
				       100 * look->fill);
	g_string_append_printf(text, "  coarsened %" U64, t->coarsened);
	put(f, t->coarsened ? NFP_TOP_ALARM : NFP_TOP_PLAIN, text->str);
}

static void collectors(Frame *f, const NfpTopLook *look)
{
	g_autoptr(GString) text = g_string_new("collectors ");
	gboolean alarm = FALSE;

	if (!look->collectors->len)
		return;
	for (guint i = 0; i < look->collectors->len; i++) {
		const char *collector = g_ptr_array_index(look->collectors, i);

		g_string_append_printf(text, "%s%s", i ? ", " : "", collector);
		alarm |= strstr(collector, " DOWN") || strstr(collector, " refused");
	}
	put(f, alarm ? NFP_TOP_ALARM : NFP_TOP_PLAIN, text->str);
}

/* ---- interfaces ---------------------------------------------------------------------------------- */

static int by_bits(gconstpointer a, gconstpointer b)
{
	const NfpTopHook *x = *(const NfpTopHook *const *)a, *y = *(const NfpTopHook *const *)b;

	if (x->bits_s != y->bits_s)
		return x->bits_s < y->bits_s ? 1 : -1;
	return x < y ? -1 : x > y;
}

/* most: lines, without the head; 0: all. */
static void hooks(Frame *f, const NfpTopLook *look, guint most)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	guint shown;

	for (guint i = 0; i < look->hooks->len; i++) {
		const NfpTopHook *hook = &g_array_index(look->hooks, NfpTopHook, i);

		if (hook->attached || hook->packets_s > 0)
			g_ptr_array_add(sorted, (gpointer)hook);
	}
	g_ptr_array_sort(sorted, by_bits);
	shown = most && sorted->len > most ? most - 1 : sorted->len;
	print(f, NFP_TOP_HEAD, "%-16s %-8s %*s %*s %*s", "INTERFACE", "WAY", W_FIGURE, "PKT/S", W_FIGURE, "BIT/S", W_EXACT, "PACKETS");
	for (guint i = 0; i < shown; i++) {
		const NfpTopHook *hook = g_ptr_array_index(sorted, i);
		g_autoptr(GString) text = g_string_new(NULL);

		nfp_text_left(text, hook->name, 16);
		g_string_append_printf(text, " %-8s", hook->flags & NFP_KEY_EGRESS ? "out" : hook->flags & NFP_KEY_XDP ? "in (xdp)" : "in");
		figure(text, hook->packets_s);
		figure(text, hook->bits_s);
		g_string_append_printf(text, " %*" U64, W_EXACT, hook->packets);
		put(f, NFP_TOP_PLAIN, text->str);
	}
	if (shown < sorted->len)
		print(f, NFP_TOP_FAINT, "and %u more", sorted->len - shown);
}

/* ---- flows --------------------------------------------------------------------------------------- */

typedef struct {
	gboolean interface, totals;
	guint address;
} Columns;

/* What a narrow terminal has no room for is left out: first what a flow has in all, then its interface. */
static Columns columns_of(guint width)
{
	const guint figures = 2 * (W_FIGURE + 1), base = W_PROTOCOL + 1 + 4 + figures + 2;
	Columns c = { .interface = TRUE, .totals = TRUE };
	guint taken = base + W_INTERFACE + 1 + figures;

	if (width < taken + 2 * 21) {
		c.totals = FALSE;
		taken -= figures;
	}
	if (width < taken + 2 * 15) {
		c.interface = FALSE;
		taken -= W_INTERFACE + 1;
	}
	c.address = width > taken ? (width - taken) / 2 : 0;
	c.address = CLAMP(c.address, W_ADDRESS_LEAST, W_ADDRESS_MOST);
	return c;
}

static void flows_head(Frame *f, const Columns *c, const NfpTopView *view)
{
	static const char *const titles[NFP_TOP_ORDERS] = {
		[NFP_TOP_BY_BITS] = "BIT/S", [NFP_TOP_BY_RATE] = "PKT/S", [NFP_TOP_BY_OCTETS] = "BYTES", [NFP_TOP_BY_PACKETS] = "PACKETS",
	};
	static const NfpTopOrder shown[] = { NFP_TOP_BY_RATE, NFP_TOP_BY_BITS, NFP_TOP_BY_PACKETS, NFP_TOP_BY_OCTETS };
	g_autoptr(GString) text = g_string_new(NULL);

	if (c->interface)
		g_string_append_printf(text, "%-*s ", W_INTERFACE, "INTERFACE");
	g_string_append_printf(text, "WAY %-*s %-*s %-*s", W_PROTOCOL, "PROTO", c->address, "SOURCE", c->address, "DESTINATION");
	for (guint i = 0; i < (c->totals ? 4 : 2); i++) {
		g_autofree char *marked = g_strconcat(view->order == shown[i] ? view->reverse ? "<" : ">" : "", titles[shown[i]], NULL);

		g_string_append_printf(text, " %*s", W_FIGURE, marked);
	}
	put(f, NFP_TOP_HEAD, text->str);
}

static void flow(Frame *f, const Columns *c, const NfpTopLook *look, const NfpTopFlow *flow)
{
	const NfpRecord *record = &flow->record;
	const char *name = nfp_top_hooks_name(look->hooks, record->domain, record->ifindex);
	g_autoptr(GString) text = g_string_new(NULL), part = g_string_new(NULL);

	if (c->interface) {
		nfp_text_left(text, name ? name : "?", W_INTERFACE);
		g_string_append_c(text, ' ');
	}
	g_string_append(text, record->direction ? "out " : "in  ");
	nfp_text_protocol(part, record);
	nfp_text_left(text, part->str, W_PROTOCOL);
	for (guint side = 0; side < 2; side++) {
		g_string_truncate(part, 0);
		nfp_text_side(part, record, side);
		g_string_append_c(text, ' ');
		nfp_text_left(text, part->str, c->address);
	}
	figure(text, flow->packets_s);
	figure(text, flow->bits_s);
	if (c->totals) {
		figure(text, (double)flow->packets);
		figure(text, (double)flow->octets);
	}
	put(f, NFP_TOP_PLAIN, text->str);
}

static void flows(Frame *f, const NfpTopLook *look, const NfpTopView *view, guint room)
{
	Columns c = columns_of(f->width);
	guint matching = 0, shown = 0;

	nfp_top_flows_sort(look->flows, view->order, view->reverse);
	flows_head(f, &c, view);
	for (guint i = 0; i < look->flows->len && shown < room; i++) {
		const NfpTopFlow *one = &g_array_index(look->flows, NfpTopFlow, i);
		const char *name = nfp_top_hooks_name(look->hooks, one->record.domain, one->record.ifindex);

		if (!nfp_top_matches(&one->record, name, view->filter->str) || matching++ < view->scroll)
			continue;
		flow(f, &c, look, one);
		shown++;
	}
	if (!shown && room)
		print(f, NFP_TOP_FAINT, view->filter->len ? "no flow matches" : view->scroll ? "no more flows" : "no flow yet");
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void help(Frame *f)
{
	static const char *const text[] = {
		"b  p  o  c      order: bits/s, packets/s, bytes (octets), packets (count)",
		"r               the smallest first, and back",
		"/               filter: words that a flow's line has to hold; Enter keeps it, Esc ends it",
		"space           pause, and go on",
		"arrows, pages   up and down the flows; Home: to the first",
		"+  -            seconds between two pictures",
		"q               end",
		"",
		"Rates of interfaces are of frames, those of flows of IP packets, since the last picture.",
		"PACKETS and BYTES of a flow are those of the buckets that are not exported yet.",
	};

	for (guint i = 0; i < G_N_ELEMENTS(text); i++)
		put(f, NFP_TOP_PLAIN, text[i]);
}

static void foot(Frame *f, const NfpTopView *view)
{
	if (view->typing)
		print(f, NFP_TOP_TITLE, "filter: %s_", view->filter->str);
	else if (view->trouble)
		print(f, NFP_TOP_ALARM, "%s", view->trouble);
	else if (view->filter->len)
		print(f, NFP_TOP_TITLE, "filter: %s   (/ changes it, Esc ends it)", view->filter->str);
	else
		print(f, NFP_TOP_FAINT, "q quit  b p o c order  r reverse  / filter  space pause  ? help");
}

GPtrArray *nfp_top_frame(const NfpTopLook *look, const NfpTopView *view, guint width, guint height, guint *ret_page)
{
	Frame f = { .lines = g_ptr_array_new_with_free_func(line_free), .width = width };
	guint room;

	title(&f, look, view);
	if (view->help) {
		help(&f);
	} else if (look) {
		books(&f, look);
		collectors(&f, look);
		put(&f, NFP_TOP_PLAIN, "");
		hooks(&f, look, height ? MAX(height / 4, 2) : 0);
		put(&f, NFP_TOP_PLAIN, "");
		/* The head of the flows, and the last line. */
		room = !height ? G_MAXUINT : height > f.lines->len + 2 ? height - f.lines->len - 2 : 0;
		room = view->limit ? MIN(room, view->limit) : room;
		if (ret_page)
			*ret_page = room;
		flows(&f, look, view, room);
	}
	if (!height)
		return f.lines;
	while (f.lines->len > height - 1)
		g_ptr_array_remove_index(f.lines, f.lines->len - 1);
	while (f.lines->len < height - 1)
		put(&f, NFP_TOP_PLAIN, "");
	foot(&f, view);
	return f.lines;
}
