package rmqlab;

import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;

/**
 * One sync send in one crossing from Python: making the message and reading the answer through JPype takes
 * seven.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" ClassicSend.java
 */
public final class ClassicSend {
    private ClassicSend() {
    }

    /**
     * Sends and waits.
     *
     * @param properties names and values in turn, or null
     * @return the status' ordinal, the queue offset and the message id, separated by spaces
     */
    public static String send(DefaultMQProducer producer, String topic, String tags, String keys, byte[] body,
        String[] properties) throws Exception {
        Message message = new Message(topic, tags, keys, body);
        if (properties != null) {
            for (int i = 0; i < properties.length; i += 2) {
                MessageAccessor.putProperty(message, properties[i], properties[i + 1]);
            }
        }
        SendResult result = producer.send(message);
        return result.getSendStatus().ordinal() + " " + result.getQueueOffset() + " " + result.getMsgId();
    }
}
