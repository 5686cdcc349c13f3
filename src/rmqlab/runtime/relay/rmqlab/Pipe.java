package rmqlab;

import java.io.IOException;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One direction of one connection: a thread reads, another writes what is due. So latency delays bytes without
 * slowing their stream, and a chunk that was "lost" holds up those behind it, as over TCP.
 */
final class Pipe {
    private static final int CHUNK = 16 * 1024;
    private static final int CHUNKS = 64; // then the sender is held up, as by a full window

    /** Bytes that travel, and under which settings of the link; no bytes: the end of the stream, null: a reset. */
    private static final class Chunk {
        final byte[] bytes;
        final long dueNs;
        final int settings;

        Chunk(byte[] bytes, long dueNs, int settings) {
            this.bytes = bytes;
            this.dueNs = dueNs;
            this.settings = settings;
        }
    }

    private final Link link;
    private final Socket from;
    private final Socket to;
    private final AtomicLong passed;
    private final BlockingQueue<Chunk> travelling = new ArrayBlockingQueue<>(CHUNKS);
    private final Thread reader;
    private final Thread writer;

    Pipe(Link link, Socket from, Socket to, AtomicLong passed) {
        this.link = link;
        this.from = from;
        this.to = to;
        this.passed = passed;
        this.reader = Link.inBackground("reader", this::read);
        this.writer = Link.inBackground("writer", this::write);
    }

    void await() throws InterruptedException {
        writer.join();
    }

    private void read() throws InterruptedException {
        byte[] buffer = new byte[CHUNK];
        long dueNs = System.nanoTime();
        int settings = link.settings();
        for (int count = 0; count >= 0; ) {
            byte[] bytes;
            try {
                count = from.getInputStream().read(buffer);
                bytes = Arrays.copyOf(buffer, Math.max(count, 0));
            } catch (IOException e) {
                count = -1;
                bytes = null;
            }
            long nowNs = System.nanoTime();
            if (settings != link.settings()) {
                settings = link.settings();
                dueNs = nowNs;
            }
            dueNs = Math.max(dueNs - nowNs, TimeUnit.MILLISECONDS.toNanos(link.travelMs())) + nowNs;
            link.held.addAndGet(Math.max(count, 0));
            travelling.put(new Chunk(bytes, dueNs, settings));
        }
    }

    private void write() throws IOException, InterruptedException {
        try {
            while (true) {
                Chunk chunk = travelling.take();
                link.awaitArrival(chunk.dueNs, chunk.settings);
                link.pass(chunk.bytes == null ? 0 : chunk.bytes.length, passed);
                if (chunk.bytes == null) {
                    Link.reset(to);
                    return;
                }
                if (chunk.bytes.length == 0) {
                    to.shutdownOutput();
                    return;
                }
                to.getOutputStream().write(chunk.bytes);
            }
        } catch (IOException e) {
            Link.reset(from); // nobody takes them any more
        } finally {
            reader.interrupt();
            for (Chunk left : travelling) {
                link.held.addAndGet(left.bytes == null ? 0 : -left.bytes.length);
            }
        }
    }
}
