/*
 * A disk whose flushes take longer, for one process: loaded before libc (LD_PRELOAD), it waits before each msync,
 * fsync and fdatasync for as many milliseconds as the file named by SLOW_DISK_ORDER says, and puts a dot for
 * each flush that it delays into the file of that name with ".count" behind it.
 *
 * The file is read at each flush, so that a running broker's disk becomes slow and quick again. No file, or 0:
 * no delay. It calls the kernel itself, so that it needs nothing of the C library that a container's may lack.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLICE_MS 20

static long delay_ms(const char *path)
{
    char digits[16] = {0};
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    ssize_t count = read(file, digits, sizeof digits - 1);
    close(file);
    return count > 0 ? atol(digits) : 0;
}

static void count(const char *path)
{
    char counted[PATH_MAX];
    snprintf(counted, sizeof counted, "%s.count", path);
    int file = open(counted, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0)
        return;
    ssize_t written = write(file, ".", 1);
    (void) written;
    close(file);
}

/* In slices, so that a flush which waits already hears of a shorter delay. */
static void wait_as_told(void)
{
    const char *path = getenv("SLOW_DISK_ORDER");
    long waited = 0, told = delay_ms(path);
    if (told > 0)
        count(path);
    while (waited < told) {
        long slice = told - waited < SLICE_MS ? told - waited : SLICE_MS;
        struct timespec pause = {0, slice * 1000000};
        nanosleep(&pause, NULL);
        waited += slice;
        told = delay_ms(path);
    }
}

int msync(void *address, size_t length, int flags)
{
    wait_as_told();
    return (int) syscall(SYS_msync, address, length, flags);
}

int fsync(int file)
{
    wait_as_told();
    return (int) syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    wait_as_told();
    return (int) syscall(SYS_fdatasync, file);
}
