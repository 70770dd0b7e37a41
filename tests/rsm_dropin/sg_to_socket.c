/* Lets a program that talks to /dev/sg by SG_IO talk to a simulated library instead: loaded with LD_PRELOAD,
 * it takes the opening of $SG_DEVICE for a connection to the Unix socket $SG_SOCKET, and each SG_IO on it for a
 * request there. The other end is oracle.py. Numbers are in the machine's own byte order.
 *
 *   request   int command length, direction, transfer length; the command; the data, if they go out
 *   answer    int status, host status, driver status, sense length, data length, residual; sense; data
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int device = -1;

static int whole(int fd, void *data, size_t length, int out)
{
    char *at = data;
    while (length) {
        ssize_t done = out ? write(fd, at, length) : read(fd, at, length);
        if (done <= 0)
            return -1;
        at += done;
        length -= done;
    }
    return 0;
}

static int connected(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strncpy(name.sun_path, getenv("SG_SOCKET"), sizeof name.sun_path - 1);
    device = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(device, (struct sockaddr *)&name, sizeof name) ? -1 : device;
}

#define OPEN(name)                                                                                             \
    int name(const char *path, int flags, ...)                                                                 \
    {                                                                                                          \
        int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);                                         \
        va_list rest;                                                                                          \
        va_start(rest, flags);                                                                                 \
        int mode = flags & O_CREAT ? va_arg(rest, int) : 0;                                                    \
        va_end(rest);                                                                                          \
        const char *ours = getenv("SG_DEVICE");                                                                \
        return ours && !strcmp(path, ours) ? connected() : next(path, flags, mode);                            \
    }
OPEN(open)
OPEN(open64)

static int command(struct sg_io_hdr *header)
{
    int question[3] = {header->cmd_len, header->dxfer_direction, (int)header->dxfer_len};
    int answer[6];
    int is_out = header->dxfer_direction == SG_DXFER_TO_DEV;
    if (whole(device, question, sizeof question, 1) || whole(device, header->cmdp, header->cmd_len, 1) ||
        (is_out && whole(device, header->dxferp, header->dxfer_len, 1)) ||
        whole(device, answer, sizeof answer, 0) || whole(device, header->sbp, answer[3], 0) ||
        whole(device, header->dxferp, answer[4], 0)) {
        errno = EIO;
        return -1;
    }
    header->status = answer[0];
    header->masked_status = answer[0] >> 1 & 0x1f;
    header->host_status = answer[1];
    header->driver_status = answer[2];
    header->sb_len_wr = answer[3];
    header->resid = answer[5];
    header->info = answer[0] || answer[1] || answer[2];
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (device < 0 || fd != device)
        return next(fd, request, argument);
    if (request == SG_IO)
        return command(argument);
    if (request == SG_GET_VERSION_NUM)
        *(int *)argument = 30536;
    return 0;
}
