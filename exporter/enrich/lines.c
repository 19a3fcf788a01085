/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define BUFFER (2 * (NFP_LINE_MAX + 1))

struct NfpLines {
	int fd;           /* -1: from memory */
	gboolean own;     /* fd is ours to close */
	const char *data; /* of memory */
	size_t left;
	uint64_t size, taken; /* octets; size 0: not known */
	uint64_t number;
	size_t begin, end; /* of what is in the buffer and not given out */
	gboolean over;     /* nothing comes any more */
	char head[65];     /* the beginning of a line that is too long */
	char buffer[BUFFER + 1];
};

static NfpLines *lines_new(void)
{
	NfpLines *l = g_malloc(sizeof(*l));

	memset(l, 0, G_STRUCT_OFFSET(NfpLines, buffer));
	l->fd = -1;
	return l;
}

NfpLines *nfp_lines_open(const char *path, GError **err)
{
	gboolean standard = g_str_equal(path, "-");
	NFP_AUTO_FD int fd = standard ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };
	NfpLines *l;

	if (!standard && (fd < 0 || fstat(fd, &st) < 0)) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "%s cannot be read", path);
		return NULL;
	}
	l = lines_new();
	l->own = !standard;
	l->fd = standard ? STDIN_FILENO : nfp_fd_steal(&fd);
	l->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return l;
}

NfpLines *nfp_lines_of(const void *data, size_t size)
{
	NfpLines *l = lines_new();

	l->data = data;
	l->left = l->size = size;
	return l;
}

static ssize_t take(NfpLines *l, char *to, size_t room)
{
	ssize_t n;

	if (l->fd < 0) {
		n = (ssize_t)MIN(room, l->left);
		if (n)
			memcpy(to, l->data, (size_t)n);
		l->data += n;
		l->left -= (size_t)n;
		return n;
	}
	do
		n = read(l->fd, to, room);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Reads on until the buffer has a whole line, is full, or all is read. */
static int fill(NfpLines *l, char **ret_end)
{
	size_t searched = 0;

	for (;;) {
		char *end = memchr(l->buffer + l->begin + searched, '\n', l->end - l->begin - searched);
		ssize_t n;

		*ret_end = end;
		searched = l->end - l->begin;
		if (end || l->over || searched > NFP_LINE_MAX)
			return 0;
		if (l->begin) {
			memmove(l->buffer, l->buffer + l->begin, searched);
			l->begin = 0;
			l->end = searched;
		}
		n = take(l, l->buffer + l->end, BUFFER - l->end);
		if (n < 0)
			return (int)n;
		l->over = !n;
		l->end += (size_t)n;
		l->taken += (uint64_t)n;
	}
}

/* The rest of a line that is too long. */
static int drop(NfpLines *l)
{
	char *end;
	int rc;

	do {
		l->begin = l->end = 0;
		rc = fill(l, &end);
	} while (!rc && !end && !l->over);
	if (!rc)
		l->begin = end ? (size_t)(end - l->buffer) + 1 : l->end;
	return rc;
}

int nfp_lines_next(NfpLines *l, NfpLine *ret)
{
	char *end, *text;
	int rc = fill(l, &end);

	if (rc)
		return rc;
	if (!end && l->begin == l->end)
		return 0;
	*ret = (NfpLine){ .number = ++l->number };
	if (!end && !l->over) {
		memcpy(l->head, l->buffer + l->begin, sizeof(l->head) - 1);
		rc = drop(l);
		if (rc)
			return rc;
		ret->text = l->head;
		ret->length = strlen(l->head);
		ret->fault = "is longer than 65535 octets";
		return 1;
	}
	text = l->buffer + l->begin;
	ret->text = text;
	ret->length = (size_t)((end ? end : l->buffer + l->end) - text);
	l->begin = end ? (size_t)(end - l->buffer) + 1 : l->end;
	if (ret->length && text[ret->length - 1] == '\r')
		ret->length--;
	text[ret->length] = '\0';
	if (ret->length > NFP_LINE_MAX)
		ret->fault = "is longer than 65535 octets";
	else if (strlen(text) != ret->length)
		ret->fault = "has a NUL octet";
	return 1;
}

double nfp_lines_done(const NfpLines *l)
{
	return l->size ? MIN(1, (double)(l->taken - (l->end - l->begin)) / (double)l->size) : -1;
}

void nfp_lines_free(NfpLines *l)
{
	if (!l)
		return;
	if (l->own)
		nfp_fd_clear(&l->fd);
	g_free(l);
}
