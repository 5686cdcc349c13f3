package rmqlab;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.store.OffsetStore;
import org.apache.rocketmq.client.impl.consumer.MQConsumerInner;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.common.message.MessageQueue;

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
     * Lets the progress that shutdown() tells be the last: a broker takes any, and what is done would come again.
     * Who was interrupted between reading and telling it ends first. Then it is told once with an answer: a broker
     * has 32 threads for it (consumerManageThreadPoolNums), and of two that are told without, at once, the older
     * is stored last one time in ten on a busy machine.
     */
    public static void settle(MQClientInstance instance, String group, OffsetStore progress, long atMostMs)
        throws Exception {
        // Each has a single thread: what it has begun has ended when it comes to this.
        await(CLOCK, () -> null, atMostMs);
        await(instance.getScheduledExecutorService(), () -> {
            MQConsumerInner consumer = instance.selectConsumer(group);
            if (consumer == null) {
                return null;
            }
            consumer.persistConsumerOffset(); // forgets the queues that are others' by now
            for (Map.Entry<MessageQueue, Long> each : progress.cloneOffsetTable("").entrySet()) {
                progress.updateConsumeOffsetToBroker(each.getKey(), each.getValue(), false);
            }
            return null;
        }, atMostMs);
    }

    /** Waits until an executor has come to the last task; one that takes too long, or fails, is given up. */
    private static void await(ExecutorService executor, Callable<Void> last, long atMostMs) throws Exception {
        try {
            executor.invokeAll(List.of(last), atMostMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException ended) {
            return;
        }
    }
}
