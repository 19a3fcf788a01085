/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/top.h"

#include <curses.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"

#define ESCAPE_MS 50 /* between Esc and what makes it a longer sequence */

typedef struct {
	const NfpConf *conf;
	NfpTopView *view;
	NfpTopLooker *looker; /* the thread's while it runs */
	GMainLoop *loop;
	GThread *thread;      /* NULL: nobody looks */
	gboolean again;       /* when the thread is done */
	char *filter;         /* the thread's */
	NfpTopLook *look;     /* on the screen; NULL: none yet */
	char *trouble;
	guint page, timer;
} Top;

/* From the thread to the main loop. */
typedef struct {
	Top *top;
	NfpTopLook *look;
	GError *error;
} Seen;

/* ---- drawing ------------------------------------------------------------------------------------- */

static attr_t attributes_of(NfpTopStyle style)
{
	switch (style) {
	case NFP_TOP_TITLE: return A_BOLD;
	case NFP_TOP_HEAD: return A_REVERSE;
	case NFP_TOP_ALARM: return A_BOLD | A_STANDOUT;
	case NFP_TOP_FAINT: return A_DIM;
	default: return A_NORMAL;
	}
}

/* curses sends what differs from the screen before: some hundred octets a picture. */
static void draw(Top *top)
{
	g_autoptr(GPtrArray) lines = NULL;
	int width = MAX(COLS, 1), height = MAX(LINES, 1);

	top->view->trouble = top->trouble;
	lines = nfp_top_frame(top->look, top->view, (guint)width, (guint)height, &top->page);
	erase();
	for (guint i = 0; i < lines->len && (int)i < height; i++) {
		const NfpTopLine *line = g_ptr_array_index(lines, i);

		attrset(attributes_of(line->style));
		mvaddnstr((int)i, 0, line->text, width);
		if (line->style == NFP_TOP_HEAD)
			for (int x = (int)strlen(line->text); x < width; x++)
				addch(' ');
	}
	attrset(A_NORMAL);
	refresh();
}

/* ---- looking ------------------------------------------------------------------------------------- */

static gboolean look_done(gpointer data);
static void start_look(Top *top);

static gpointer look(gpointer data)
{
	Top *top = data;
	Seen *seen = g_new0(Seen, 1);

	seen->top = top;
	seen->look = nfp_top_looker_look(top->looker, top->filter, &seen->error);
	g_idle_add(look_done, seen);
	return NULL;
}

static void start_look(Top *top)
{
	top->again = top->thread != NULL;
	if (top->thread)
		return;
	g_free(top->filter);
	top->filter = g_strdup(top->view->filter->str);
	top->thread = g_thread_try_new("top", look, top, NULL);
	if (!top->thread)
		look(top); /* keys are heard when it is done */
}

static gboolean look_done(gpointer data)
{
	g_autofree Seen *seen = data;
	Top *top = seen->top;

	if (top->thread)
		g_thread_join(g_steal_pointer(&top->thread));
	g_clear_pointer(&top->trouble, g_free);
	if (seen->look) {
		nfp_top_look_free(top->look);
		top->look = seen->look;
	} else {
		top->trouble = g_strdup(seen->error->message);
	}
	g_clear_error(&seen->error);
	draw(top);
	if (top->again)
		start_look(top);
	return G_SOURCE_REMOVE;
}

static gboolean tick(gpointer data)
{
	Top *top = data;

	if (!top->view->paused)
		start_look(top);
	return G_SOURCE_CONTINUE;
}

static void set_timer(Top *top)
{
	if (top->timer)
		g_source_remove(top->timer);
	top->timer = g_timeout_add_seconds(top->view->every, tick, top);
}

/* ---- what happens -------------------------------------------------------------------------------- */

static int key_of(int c)
{
	switch (c) {
	case KEY_UP: return NFP_TOP_UP;
	case KEY_DOWN: return NFP_TOP_DOWN;
	case KEY_PPAGE: return NFP_TOP_PAGE_UP;
	case KEY_NPAGE: return NFP_TOP_PAGE_DOWN;
	case KEY_HOME: return NFP_TOP_HOME;
	case KEY_ENTER:
	case '\r':
	case '\n': return NFP_TOP_ENTER;
	case KEY_BACKSPACE:
	case 0x7f:
	case '\b': return NFP_TOP_ERASE;
	case 0x1b: return NFP_TOP_ESCAPE;
	default: return c >= KEY_MIN ? NFP_TOP_OTHER : c;
	}
}

/* Readable and empty: whoever was at the other end has gone. */
static gboolean is_gone(int fd, GIOCondition condition)
{
	int waiting = 0;

	return (condition & (G_IO_HUP | G_IO_ERR)) || ioctl(fd, FIONREAD, &waiting) || !waiting;
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
	Top *top = data;
	guint every = top->view->every;
	int c;

	if (is_gone(fd, condition)) {
		g_main_loop_quit(top->loop);
		return G_SOURCE_REMOVE;
	}
	while ((c = getch()) != ERR) {
		NfpTopDo what = nfp_top_key(top->view, key_of(c), top->page);

		if (what == NFP_TOP_QUIT)
			g_main_loop_quit(top->loop);
		if (what == NFP_TOP_LOOK && !top->view->paused)
			start_look(top);
	}
	if (top->view->every != every)
		set_timer(top);
	draw(top);
	return G_SOURCE_CONTINUE;
}

static gboolean on_end(gpointer data)
{
	g_main_loop_quit(((Top *)data)->loop);
	return G_SOURCE_CONTINUE;
}

static gboolean on_resize(gpointer data)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	draw(data);
	return G_SOURCE_CONTINUE;
}

static void run(Top *top)
{
	guint sources[] = {
		/* Before curses: it takes only signals that nobody has. */
		g_unix_signal_add(SIGINT, on_end, top),
		g_unix_signal_add(SIGTERM, on_end, top),
		g_unix_signal_add(SIGHUP, on_end, top),
		g_unix_signal_add(SIGWINCH, on_resize, top),
	};
	guint input = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, top);

	set_timer(top);
	draw(top);
	start_look(top);
	g_main_loop_run(top->loop);
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
	g_source_remove(top->timer);
	if (g_main_context_find_source_by_id(NULL, input))
		g_source_remove(input);
	top->again = FALSE;
	while (top->thread) /* a look that is under way */
		g_main_context_iteration(NULL, TRUE);
}

static gboolean has_terminal(GError **err)
{
	gboolean in = isatty(STDIN_FILENO);

	if (in && isatty(STDOUT_FILENO))
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_CANNOT,
		    "this needs a terminal, and standard %s is none; `nfprobe top --once` prints one picture",
		    in ? "output" : "input");
	return FALSE;
}

static SCREEN *open_screen(GError **err)
{
	const char *term = g_getenv("TERM");
	SCREEN *screen = newterm(NULL, stdout, stdin);

	if (!screen)
		g_set_error(err, NFP_ERROR, NFP_ERROR_CANNOT,
			    "nothing is known of the terminal TERM=%s: set TERM to what it is like (xterm, vt100, linux)",
			    term ? term : "");
	return screen;
}

gboolean nfp_top_run(const NfpConf *conf, NfpTopView *view, GError **err)
{
	g_autoptr(NfpTopLooker) looker = nfp_top_looker_new(conf, view->passing);
	Top top = { .conf = conf, .view = view, .looker = looker };
	SCREEN *screen;

	if (!has_terminal(err))
		return FALSE;
	/* A first look, so that what is wrong is said on a screen that stays. */
	top.look = nfp_top_looker_look(looker, view->filter->str, err);
	if (!top.look)
		return FALSE;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGQUIT, SIG_IGN); /* it would leave the terminal as it is */
	screen = open_screen(err);
	if (!screen) {
		nfp_top_look_free(top.look);
		return FALSE;
	}
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	top.loop = g_main_loop_new(NULL, FALSE);
	run(&top);
	endwin();
	delscreen(screen);
	g_main_loop_unref(top.loop);
	nfp_top_look_free(top.look);
	g_free(top.filter);
	g_free(top.trouble);
	return TRUE;
}

gboolean nfp_top_once(const NfpConf *conf, const NfpTopView *view, guint width, GString *out, GError **err)
{
	g_autoptr(NfpTopLooker) looker = nfp_top_looker_new(conf, view->passing);
	g_autoptr(NfpTopLook) first = nfp_top_looker_look(looker, view->filter->str, err), second = NULL;
	g_autoptr(GPtrArray) lines = NULL;

	if (!first)
		return FALSE;
	g_usleep(view->every * G_USEC_PER_SEC);
	second = nfp_top_looker_look(looker, view->filter->str, err);
	if (!second)
		return FALSE;
	lines = nfp_top_frame(second, view, width, 0, NULL);
	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(out, "%s\n", ((const NfpTopLine *)g_ptr_array_index(lines, i))->text);
	return TRUE;
}
