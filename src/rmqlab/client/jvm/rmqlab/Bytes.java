package rmqlab;

import java.nio.ByteBuffer;

/**
 * Large bodies on their way from Python: copied at once out of memory that both sides see. JPype takes them
 * byte by byte.
 *
 * Compile: javac --release 17 -g:none Bytes.java
 */
public final class Bytes {
    private Bytes() {
    }

    /** Returns a copy of the first `length` bytes. */
    public static byte[] copy(ByteBuffer shared, int length) {
        byte[] bytes = new byte[length];
        shared.get(0, bytes);
        return bytes;
    }
}
