/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that inject.h can make fail, in the place of the C library's. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inject/inject.h"

/* The C library's own of the same name. */
#define REAL(name) \
	({ \
		static __typeof__(&name) real; \
		if (!real) \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		real; \
	})

/* A function that answers `bad` and sets errno. */
#define PLAIN(type, bad, name, parameters, arguments) \
	type name parameters \
	{ \
		int error; \
\
		if (nfpt_inject(#name, __builtin_return_address(0), &error)) { \
			errno = error; \
			return bad; \
		} \
		return REAL(name) arguments; \
	}

/* Descriptors and files. */
PLAIN(int, -1, fsync, (int fd), (fd))
PLAIN(int, -1, fdatasync, (int fd), (fd))
PLAIN(int, -1, ftruncate, (int fd, off_t length), (fd, length))
PLAIN(int, -1, ftruncate64, (int fd, off64_t length), (fd, length))
PLAIN(int, -1, rename, (const char *from, const char *to), (from, to))
PLAIN(int, -1, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
PLAIN(int, -1, unlink, (const char *path), (path))
PLAIN(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
PLAIN(int, -1, flock, (int fd, int operation), (fd, operation))
PLAIN(int, -1, fstat, (int fd, struct stat *status), (fd, status))
PLAIN(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
PLAIN(FILE *, NULL, fopen64, (const char *path, const char *mode), (path, mode))
PLAIN(int, -1, inotify_init1, (int flags), (flags))
PLAIN(int, -1, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
/* Sockets and waiting. */
PLAIN(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
PLAIN(int, -1, bind, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))
PLAIN(int, -1, listen, (int fd, int backlog), (fd, backlog))
PLAIN(int, -1, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))
PLAIN(int, -1, setsockopt, (int fd, int level, int name, const void *value, socklen_t length),
      (fd, level, name, value, length))
PLAIN(ssize_t, -1, sendto,
      (int fd, const void *data, size_t n, int flags, const struct sockaddr *address, socklen_t length),
      (fd, data, n, flags, address, length))
PLAIN(ssize_t, -1, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
PLAIN(int, -1, sendmmsg, (int fd, struct mmsghdr *messages, unsigned int n, int flags), (fd, messages, n, flags))
PLAIN(ssize_t, -1, recv, (int fd, void *data, size_t n, int flags), (fd, data, n, flags))
PLAIN(ssize_t, -1, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
PLAIN(int, -1, epoll_create1, (int flags), (flags))
PLAIN(int, -1, epoll_ctl, (int fd, int operation, int other, struct epoll_event *event), (fd, operation, other, event))
PLAIN(int, -1, epoll_wait, (int fd, struct epoll_event *events, int n, int timeout), (fd, events, n, timeout))
PLAIN(int, -1, poll, (struct pollfd *fds, nfds_t n, int timeout), (fds, n, timeout))
/* Memory of its own pages. */
PLAIN(void *, MAP_FAILED, mmap, (void *at, size_t n, int protection, int flags, int fd, off_t offset),
      (at, n, protection, flags, fd, offset))
PLAIN(void *, MAP_FAILED, mmap64, (void *at, size_t n, int protection, int flags, int fd, off64_t offset),
      (at, n, protection, flags, fd, offset))

/* eventfd(2): a write of a number that is no maximum does not fail, and there is nobody to tell if it did. */
static bool is_eventfd(int fd)
{
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof(target) - 1) > 0 && !strcmp(target, "anon_inode:[eventfd]");
}

/* Error 0: half of it is taken. What standard error is told has nowhere else to go: it is not counted. */
#define WRITES(name, parameters, arguments, halved) \
	ssize_t name parameters \
	{ \
		int error; \
\
		if (fd != STDERR_FILENO && (n != sizeof(uint64_t) || !is_eventfd(fd)) && nfpt_inject(#name, __builtin_return_address(0), &error)) { \
			if (!error) \
				return n > 1 ? REAL(name) halved : REAL(name) arguments; \
			errno = error; \
			return -1; \
		} \
		return REAL(name) arguments; \
	}
WRITES(write, (int fd, const void *data, size_t n), (fd, data, n), (fd, data, n / 2))
WRITES(send, (int fd, const void *data, size_t n, int flags), (fd, data, n, flags), (fd, data, n / 2, flags))
WRITES(pwrite64, (int fd, const void *data, size_t n, off64_t at), (fd, data, n, at), (fd, data, n / 2, at))

/* Error 0: other octets. */
#define READS(name, parameters, arguments) \
	ssize_t name parameters \
	{ \
		int error; \
		bool fails = nfpt_inject(#name, __builtin_return_address(0), &error); \
		ssize_t got; \
\
		if (fails && error) { \
			errno = error; \
			return -1; \
		} \
		got = REAL(name) arguments; \
		for (ssize_t i = 0; fails && i < got; i++) \
			((unsigned char *)data)[i] ^= (unsigned char)(0x55 + i); \
		return got; \
	}
READS(read, (int fd, void *data, size_t n), (fd, data, n))
READS(pread64, (int fd, void *data, size_t n, off64_t at), (fd, data, n, at))

static mode_t mode_of(int flags, va_list *rest)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(*rest, mode_t) : 0;
}

/* open() and open64() are one. */
#define OPENS(name) \
	int name(const char *path, int flags, ...) \
	{ \
		mode_t mode; \
		va_list rest; \
		int error; \
\
		va_start(rest, flags); \
		mode = mode_of(flags, &rest); \
		va_end(rest); \
		if (nfpt_inject("open", __builtin_return_address(0), &error)) { \
			errno = error; \
			return -1; \
		} \
		return REAL(name)(path, flags, mode); \
	}
OPENS(open)
OPENS(open64)

#define WITH_ARGUMENT(name, command_type) \
	int name(int fd, command_type command, ...) \
	{ \
		void *argument; \
		va_list rest; \
		int error; \
\
		va_start(rest, command); \
		argument = va_arg(rest, void *); \
		va_end(rest); \
		if (nfpt_inject(#name, __builtin_return_address(0), &error)) { \
			errno = error; \
			return -1; \
		} \
		return REAL(name)(fd, command, argument); \
	}
WITH_ARGUMENT(ioctl, unsigned long)
WITH_ARGUMENT(fcntl64, int)

/* These answer with the error. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
	int error;

	if (nfpt_inject("posix_fallocate", __builtin_return_address(0), &error))
		return error;
	return REAL(posix_fallocate)(fd, offset, length);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data)
{
	int error;

	if (nfpt_inject("pthread_create", __builtin_return_address(0), &error))
		return error;
	return REAL(pthread_create)(thread, attributes, run, data);
}

/* The C library's other names of these: looking for them by dlsym() would allocate. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t n);

static bool no_memory(const void *caller)
{
	int error;
	bool fails = nfpt_inject("malloc", caller, &error);

	if (fails)
		errno = ENOMEM;
	return fails;
}

void *malloc(size_t n)
{
	return no_memory(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return no_memory(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t n)
{
	return no_memory(__builtin_return_address(0)) ? NULL : __libc_realloc(memory, n);
}
