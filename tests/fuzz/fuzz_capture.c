/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any file is frames, a refusal, or damage that names the frame; each octet of a frame is there. The same file twice is the same
 * frames.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "app/capture.h"
#include "base/error.h"

#define FRAMES 10000 /* of a file, at most: empty ones take 16 octets each */
#define ETHERNET 14

static void check(gboolean sound)
{
	if (!sound)
		abort();
}

static uint64_t frames_of(NfpCapture *capture, const char *path)
{
	g_autoptr(GError) err = NULL;
	uint64_t hash = nfp_capture_is_ethernet(capture);
	guint n = 0;
	NfpFrame frame;
	int rc = 1;

	while (n < FRAMES && (rc = nfp_capture_next(capture, &frame, &err)) > 0) {
		n++;
		check(frame.captured == 0 || frame.data != NULL);
		/* An Ethernet header that was made up may be longer than the one that it stands for. */
		check(frame.captured <= (uint64_t)frame.wire + ETHERNET);
		hash = XXH3_64bits_withSeed(frame.data, frame.captured, hash ^ frame.time ^ frame.wire ^ frame.cut);
	}
	check((rc < 0) == (err != NULL));
	check(!err || (g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED) && strstr(err->message, path) &&
		       g_utf8_validate(err->message, -1, NULL)));
	return hash ^ n;
}

static uint64_t read_all(int fd, gboolean *ret_open)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpCapture) capture = nfp_capture_open(path, &err);

	check((capture == NULL) == (err != NULL));
	check(!err || (g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED) && strstr(err->message, path)));
	*ret_open = capture != NULL;
	return capture ? frames_of(capture, path) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	gboolean first, second;

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	check(read_all(fd, &first) == read_all(fd, &second) && first == second);
	close(fd);
	return 0;
}
