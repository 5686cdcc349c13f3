package org.apache.rocketmq.store.util;

import com.sun.jna.Library;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;

/**
 * In place of RocketMQ's own on Windows, whose C library knows none of these: TransientStorePool locks its
 * buffers in memory, and a broker that has such a pool ended there (UnsatisfiedLinkError: mlock). Here each
 * answers that it failed, as a system does that forbids it, and RocketMQ goes on.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" LibC.java
 */
public interface LibC extends Library {
    /** The only one. */
    LibC INSTANCE = new LibC() {
        @Override
        public int mlock(Pointer address, NativeLong size) {
            return FAILED;
        }

        @Override
        public int munlock(Pointer address, NativeLong size) {
            return FAILED;
        }

        @Override
        public int madvise(Pointer address, NativeLong size, int advice) {
            return FAILED;
        }

        @Override
        public Pointer memset(Pointer address, int value, long size) {
            address.setMemory(0, size, (byte) value);
            return address;
        }

        @Override
        public int mlockall(int flags) {
            return FAILED;
        }

        @Override
        public int msync(Pointer address, NativeLong size, int flags) {
            return FAILED;
        }

        @Override
        public int mincore(Pointer address, NativeLong size, byte[] resident) {
            return FAILED;
        }

        @Override
        public int getpagesize() {
            return FAILED;
        }
    };

    /** C's answer of a call that failed. */
    int FAILED = -1;

    /** Keeps memory from being swapped out. */
    int mlock(Pointer address, NativeLong size);

    /** Lets it be swapped out again. */
    int munlock(Pointer address, NativeLong size);

    /** Says how memory will be used. */
    int madvise(Pointer address, NativeLong size, int advice);

    /** Fills memory. */
    Pointer memset(Pointer address, int value, long size);

    /** Keeps all of the process from being swapped out. */
    int mlockall(int flags);

    /** Writes a mapped file's pages to the disk. */
    int msync(Pointer address, NativeLong size, int flags);

    /** Says which pages are in memory. */
    int mincore(Pointer address, NativeLong size, byte[] resident);

    /** Says how large a page is. */
    int getpagesize();
}
