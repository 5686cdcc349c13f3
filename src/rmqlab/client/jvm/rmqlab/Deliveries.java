package rmqlab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.impl.consumer.DefaultMQPushConsumerImpl;
import org.apache.rocketmq.client.impl.consumer.ProcessQueue;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Received messages on their way to Python: each crosses once, as text and a body, instead of being asked for
 * its parts one by one. Each question would let go of Python's lock, for which all consuming threads wait.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" Deliveries.java
 */
public final class Deliveries {
    /** Python: hands one message to the program's callback. */
    public interface Target {
        /** Says whether the message was consumed. */
        boolean deliver(String head, byte[] body);
    }

    private final DefaultMQPushConsumer consumer;
    private final Target target;
    private final int retryDelayLevel;
    private volatile boolean leaving;

    public Deliveries(DefaultMQPushConsumer consumer, Target target, int retryDelayLevel) {
        this.consumer = consumer;
        this.target = target;
        this.retryDelayLevel = retryDelayLevel;
    }

    /** A message's fields, a line each, and at last its properties as they travel: name 1 value 2 name ... */
    public static String head(MessageExt message) {
        StringBuilder text = new StringBuilder(400);
        text.append(message.getTopic()).append('\n').append(message.getMsgId()).append('\n');
        String broker = message.getBrokerName();
        text.append(broker == null ? "" : broker).append('\n');
        text.append(message.getQueueId()).append('\n');
        text.append(message.getReconsumeTimes()).append('\n');
        text.append(message.getStoreSize()).append('\n');
        text.append(message.getBornTimestamp()).append('\n');
        text.append(message.getStoreTimestamp()).append('\n');
        text.append(message.getQueueOffset()).append('\n');
        text.append(message.getCommitLogOffset()).append('\n');
        text.append(message.getPreparedTransactionOffset()).append('\n');
        for (Map.Entry<String, String> each : message.getProperties().entrySet()) {
            text.append(each.getKey()).append('\u0001').append(each.getValue()).append('\u0002');
        }
        return text.toString();
    }

    /** Polls a pull consumer; returns head and body of each message, in turn. */
    public static Object[] poll(DefaultLitePullConsumer consumer, long timeoutMs) {
        List<Object> found = new ArrayList<>();
        for (MessageExt message : consumer.poll(timeoutMs)) {
            found.add(head(message));
            found.add(message.getBody());
        }
        return found.toArray();
    }

    /** Delivers in order, until one is not consumed; returns how many were. */
    private int consumed(List<MessageExt> messages) {
        int done = 0;
        for (MessageExt message : messages) {
            if (!target.deliver(head(message), message.getBody())) {
                break;
            }
            done++;
        }
        return done;
    }

    /** Several threads a queue; a message that failed comes again later, by way of the retry topic. */
    public MessageListenerConcurrently concurrently() {
        return (messages, context) -> {
            int done = consumed(messages);
            if (done == messages.size()) {
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            }
            context.setDelayLevelWhenNextConsume(retryDelayLevel);
            if (done == 0) {
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
            // Only those from here on come again (ConsumeMessageConcurrentlyService#processConsumeResult).
            context.setAckIndex(done - 1);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    /** One thread a queue; a message that failed holds up its queue until it comes again. */
    public MessageListenerOrderly orderly() {
        return (messages, context) -> {
            if (leaving) {
                // A queue's thread goes on for up to a minute after shutdown() has begun
                // (ConsumeMessageOrderlyService.ConsumeRequest#run). A dropped queue ends it; without auto
                // commit these messages stay unconsumed, and do not count as tried.
                drop(context.getMessageQueue());
                context.setAutoCommit(false);
                return ConsumeOrderlyStatus.SUCCESS;
            }
            return consumed(messages) == messages.size() ? ConsumeOrderlyStatus.SUCCESS
                : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
        };
    }

    private void drop(MessageQueue queue) {
        DefaultMQPushConsumerImpl running = consumer.getDefaultMQPushConsumerImpl();
        ProcessQueue held = running.getRebalanceImpl().getProcessQueueTable().get(queue);
        if (held != null) {
            held.setDropped(true);
            // shutdown() gives back the locks of queues that are not dropped (RebalanceImpl.unlockAll)
            running.getOffsetStore().persist(queue);
            running.getRebalanceImpl().unlock(queue, true);
        }
    }

    /** From here on no callback of an orderly consumer begins. */
    public void leave() {
        leaving = true;
    }
}
