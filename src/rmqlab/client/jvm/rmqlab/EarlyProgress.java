package rmqlab;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.rocketmq.client.impl.consumer.MQConsumerInner;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;

/**
 * When brokers are told a consumer's progress: in its first ten seconds too, for MQClientInstance.startScheduledTask
 * begins only then, whatever persistConsumerOffsetInterval says; and no older progress after the last one.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" EarlyProgress.java
 */
public final class EarlyProgress {
    private static final long BEGINS_MS = 10_000;
    private static final ScheduledExecutorService CLOCK = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "rmqlab-early-progress");
        thread.setDaemon(true);
        return thread;
    });

    private EarlyProgress() {
    }

    /** Stores the progress of a consumer that was just started, until the client itself does or it has ended. */
    public static void store(MQClientInstance instance, String group, long everyMs) {
        MQConsumerInner consumer = instance.selectConsumer(group);
        for (long at = everyMs; at < BEGINS_MS; at += everyMs) {
            CLOCK.schedule(() -> {
                if (instance.selectConsumer(group) == consumer) {
                    consumer.persistConsumerOffset();
                }
            }, at, TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Waits until nobody is telling progress that was read before this call. Who was interrupted between reading
     * and telling it would else tell it after shutdown() has told the last: a broker takes any, and what is done
     * would come again.
     */
    public static void settle(MQClientInstance instance, long atMostMs) throws Exception {
        // Each has a single thread: what it has begun has ended when it comes to this.
        for (ExecutorService each : new ExecutorService[] {CLOCK, instance.getScheduledExecutorService()}) {
            try {
                each.submit(() -> { }).get(atMostMs, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException ended) {
                continue;
            } catch (TimeoutException busy) {
                return;
            }
        }
    }
}
