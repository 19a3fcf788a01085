/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/top_view.h"

#include <string.h>

#include "record/text.h"

void nfp_top_view_init(NfpTopView *view)
{
	*view = (NfpTopView){ .filter = g_string_new(NULL), .every = 2 };
}

void nfp_top_view_clear(NfpTopView *view)
{
	if (view->filter)
		g_string_free(view->filter, TRUE);
	view->filter = NULL;
}

/* ---- keys ---------------------------------------------------------------------------------------- */

static NfpTopDo type(NfpTopView *view, int key)
{
	switch (key) {
	case NFP_TOP_ESCAPE:
		g_string_truncate(view->filter, 0);
		view->typing = FALSE;
		return NFP_TOP_LOOK;
	case NFP_TOP_ENTER:
		view->typing = FALSE;
		return NFP_TOP_STAY;
	case NFP_TOP_ERASE:
		if (view->filter->len)
			g_string_truncate(view->filter, view->filter->len - 1);
		return NFP_TOP_LOOK;
	default:
		if (key < ' ' || key > '~' || view->filter->len >= NFP_TOP_FILTER_MAX)
			return NFP_TOP_STAY;
		g_string_append_c(view->filter, (char)key);
		view->scroll = 0;
		return NFP_TOP_LOOK;
	}
}

static NfpTopDo order(NfpTopView *view, NfpTopOrder by)
{
	view->order = by;
	view->scroll = 0;
	return NFP_TOP_STAY;
}

static NfpTopDo scroll(NfpTopView *view, int by)
{
	view->scroll = (guint)MAX((int)view->scroll + by, 0);
	return NFP_TOP_STAY;
}

static NfpTopDo every(NfpTopView *view, int by)
{
	view->every = (guint)CLAMP((int)view->every + by, 1, NFP_TOP_EVERY_MAX);
	return NFP_TOP_LOOK;
}

NfpTopDo nfp_top_key(NfpTopView *view, int key, guint page)
{
	if (view->typing)
		return type(view, key);
	view->help = key == '?' || key == 'h' ? !view->help : FALSE;
	switch (key) {
	case 'q': return NFP_TOP_QUIT;
	case 'b': return order(view, NFP_TOP_BY_BITS);
	case 'p': return order(view, NFP_TOP_BY_RATE);
	case 'o': return order(view, NFP_TOP_BY_OCTETS);
	case 'c': return order(view, NFP_TOP_BY_PACKETS);
	case 'r': view->reverse = !view->reverse; return NFP_TOP_STAY;
	case ' ': view->paused = !view->paused; return view->paused ? NFP_TOP_STAY : NFP_TOP_LOOK;
	case '/': view->typing = TRUE; return NFP_TOP_STAY;
	case NFP_TOP_ESCAPE: g_string_truncate(view->filter, 0); return NFP_TOP_LOOK;
	case '+': return every(view, 1);
	case '-': return every(view, -1);
	case NFP_TOP_UP: return scroll(view, -1);
	case NFP_TOP_DOWN: return scroll(view, 1);
	case NFP_TOP_PAGE_UP: return scroll(view, -(int)page);
	case NFP_TOP_PAGE_DOWN: return scroll(view, (int)page);
	case NFP_TOP_HOME: view->scroll = 0; return NFP_TOP_STAY;
	default: return NFP_TOP_STAY;
	}
}

/* ---- flows that match ---------------------------------------------------------------------------- */

gboolean nfp_top_matches(const NfpRecord *record, const char *ifname, const char *filter)
{
	g_autoptr(GString) line = NULL;
	g_autofree char *lower = NULL, *wanted = NULL;
	g_auto(GStrv) words = NULL;

	if (!filter || !*filter)
		return TRUE;
	line = g_string_new(ifname);
	g_string_append(line, record->direction ? " out " : " in ");
	nfp_text_protocol(line, record);
	for (guint side = 0; side < 2; side++) {
		g_string_append_c(line, ' ');
		nfp_text_side(line, record, side);
	}
	lower = g_ascii_strdown(line->str, -1);
	wanted = g_ascii_strdown(filter, -1);
	words = g_strsplit(wanted, " ", -1);
	for (char **word = words; *word; word++)
		if (!strstr(lower, *word))
			return FALSE;
	return TRUE;
}
