/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages end to end in a file, a session each (IPFIX: RFC 5655). The file that is being written stands at the
 * path; when it has reached its size or age it is made to last (fsync) and gets its final name in one step, so who reads
 * finished files never sees half of one. What is found at the path at the start is set aside likewise, without the part of
 * a message that a crash may have left at its end.
 *
 * What send() took is in the file. write(2) to a disk can wait for the disk, and so can a rotation: then the sender's
 * thread waits, and nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "transport/file_names.h"
#include "transport/sock.h"
#include "transport/transports.h"

#define MESSAGE 16384
#define MODE 0640

typedef struct {
	NfpTransport base;
	char *path;
	NfpFraming framing;
	NfpRotation rotation;
	int fd;
	uint64_t size;    /* octets of whole messages in the file */
	gint64 opened_at;
} File;

static NfpTransport *file_create(const NfpTransportOptions *options, GError **err)
{
	File *file = g_new0(File, 1);

	file->base.ops = &nfp_transport_file;
	file->base.max_message = NFP_TRANSPORT_MESSAGE_MAX;
	file->path = g_strdup(options->path);
	file->framing = options->framing;
	file->rotation = options->rotation;
	file->fd = -1;
	g_strlcpy(file->base.peer, options->path, sizeof(file->base.peer));
	return &file->base;
}

static void file_close(NfpTransport *transport)
{
	nfp_fd_clear(&((File *)transport)->fd);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void file_fail(File *file, int errnum, const char *what)
{
	g_autoptr(GError) err = NULL;

	nfp_error_errno(&err, NFP_ERROR_FAILED, errnum, "%s", what);
	nfp_transport_note_error(&file->base, &err);
	file_close(&file->base);
}

/* The file's own errors: it is written by another process, it is not a plain file. */
static gboolean refuse(GError **err, const char *why)
{
	g_set_error_literal(err, NFP_ERROR, NFP_ERROR_FAILED, why);
	return FALSE;
}

/* Opens what stands at the path, or makes it. *ret_fd: locked, so that two writers cannot share it. */
static gboolean open_file(const File *file, int flags, int *ret_fd, GError **err)
{
	/* O_NONBLOCK: a FIFO is refused below, not waited for. */
	NFP_AUTO_FD int fd =
		open(file->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | flags, MODE);
	struct stat status;

	if (fd < 0 && errno == ELOOP)
		return refuse(err, "is a symbolic link");
	if (fd < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot be opened for writing");
	if (fstat(fd, &status) < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot be looked at");
	if (!S_ISREG(status.st_mode))
		return refuse(err, "is no plain file");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? refuse(err, "another process writes it")
					    : nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot be locked");
	*ret_fd = nfp_fd_steal(&fd);
	return TRUE;
}

static void prune(File *file)
{
	int ret = file->rotation.keep ? nfp_file_prune(file->path, file->rotation.keep) : 0;
	g_autoptr(GError) err = NULL;

	if (ret == 0)
		return;
	nfp_error_errno(&err, NFP_ERROR_FAILED, -ret, "old files cannot be removed");
	nfp_transport_note_error(&file->base, &err);
}

/* A new file at the path; what stands there already gets a finished one's name. */
static gboolean begin_file(File *file, gint64 now, GError **err)
{
	NFP_AUTO_FD int fd = -1;
	uint64_t size;
	int ret;

	if (!open_file(file, O_CREAT, &fd, err))
		return FALSE;
	ret = nfp_file_trim(fd, file->framing, &size);
	if (ret < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -ret, "cannot be mended");
	if (size > 0) {
		ret = nfp_file_finish(fd, file->path);
		if (ret < 0)
			return nfp_error_errno(err, NFP_ERROR_FAILED, -ret, "what is there cannot be renamed");
		prune(file);
		nfp_fd_clear(&fd);
		if (!open_file(file, O_CREAT | O_EXCL, &fd, err))
			return FALSE;
	}
	file->fd = nfp_fd_steal(&fd);
	file->size = 0;
	file->opened_at = now;
	file->base.state = NFP_TRANSPORT_UP;
	file->base.session++;
	return TRUE;
}

static void file_open(NfpTransport *transport, gint64 now)
{
	File *file = (File *)transport;
	g_autoptr(GError) err = NULL;

	if (!begin_file(file, now, &err))
		nfp_transport_note_error(transport, &err);
}

/* Ends the file; what becomes of it is told by state. */
static void finish_file(File *file)
{
	int ret = nfp_file_finish(file->fd, file->path);

	if (ret < 0)
		file_fail(file, ret == -ESTALE ? ENOENT : -ret, "cannot be finished");
	else
		prune(file);
}

static void rotate(File *file, gint64 now)
{
	finish_file(file);
	if (file->fd < 0)
		return;
	nfp_fd_clear(&file->fd);
	file->base.state = NFP_TRANSPORT_DOWN;
	file_open(&file->base, now);
}

static guint file_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	return 0;
}

static gint64 file_deadline(const NfpTransport *transport)
{
	const File *file = (const File *)transport;

	if (transport->state != NFP_TRANSPORT_UP || !file->rotation.interval)
		return NFP_TRANSPORT_NEVER;
	return file->opened_at + (gint64)file->rotation.interval;
}

static void file_step(NfpTransport *transport, gint64 now)
{
	File *file = (File *)transport;

	if (now < file_deadline(transport))
		return;
	if (file->size > 0)
		rotate(file, now);
	else
		file->opened_at = now;
}

/* How many of the messages the file still has room for, and their octets; at least one in an empty file. */
static guint fitting(const File *file, const NfpMessages *messages, size_t *ret_total)
{
	size_t total = 0;
	guint n = 0;

	for (; n < messages->n; n++) {
		if (file->rotation.size && file->size + total > 0 &&
		    file->size + total + messages->lengths[n] > file->rotation.size)
			break;
		total += messages->lengths[n];
	}
	*ret_total = total;
	return n;
}

/* Octets written; *ret_errnum is set when that is not all. */
static size_t write_all(int fd, const uint8_t *data, size_t length, int *ret_errnum)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = write(fd, data + done, length - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR) {
			*ret_errnum = n == 0 ? EIO : errno;
			break;
		}
	}
	return done;
}

/* The file was moved away (that is how logs are rotated by others) or removed. */
static gboolean look_for_file(File *file, gint64 now)
{
	if (nfp_file_is_at(file->fd, file->path))
		return TRUE;
	fsync(file->fd);
	file_fail(file, ENOENT, "was moved or removed");
	file_open(&file->base, now);
	return FALSE;
}

static guint file_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	File *file = (File *)transport;
	size_t total, written;
	size_t whole = 0;
	int errnum = 0;
	guint taken = 0;
	guint n;

	if (transport->state != NFP_TRANSPORT_UP || !look_for_file(file, now))
		return 0;
	n = fitting(file, messages, &total);
	written = write_all(file->fd, messages->data, total, &errnum);
	while (taken < n && whole + messages->lengths[taken] <= written)
		whole += messages->lengths[taken++];
	file->size += whole;
	if (errnum) {
		/* If not even this works, the next start finds the end of the last whole message. */
		if (whole < written && ftruncate(file->fd, (off_t)file->size) < 0)
			transport->errors++;
		file_fail(file, errnum, "cannot be written");
	} else if (n < messages->n) {
		rotate(file, now);
	}
	return taken;
}

static uint64_t file_unacked(const NfpTransport *transport)
{
	return 0;
}

static void file_shutdown(NfpTransport *transport)
{
	File *file = (File *)transport;

	gboolean rotates = file->rotation.size || file->rotation.interval;

	if (file->fd >= 0 && file->size > 0 && rotates)
		finish_file(file);
	else if (file->fd >= 0 && file->size == 0 && rotates && nfp_file_is_at(file->fd, file->path))
		unlink(file->path); /* who waits for finished files has nothing to find here */
	else if (file->fd >= 0 && fsync(file->fd) < 0)
		file_fail(file, errno, "cannot be finished");
	file_close(transport);
}

static void file_destroy(NfpTransport *transport)
{
	g_free(((File *)transport)->path);
	g_free(transport);
}

const NfpTransportOps nfp_transport_file = {
	.scheme = "file",
	.stream = TRUE,
	.kept = TRUE,
	.place = NFP_PLACE_PATH,
	.message = MESSAGE,
	.create = file_create,
	.open = file_open,
	.poll = file_poll,
	.deadline = file_deadline,
	.step = file_step,
	.send = file_send,
	.unacked = file_unacked,
	.shutdown = file_shutdown,
	.close = file_close,
	.destroy = file_destroy,
};
