package rmqlab;

import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * A Kafka node that formats its storage at its first start, in the same process.
 *
 * Kafka refuses to start on a folder that `kafka-storage.sh format` has not written to. That script is a JVM of its own,
 * and takes as long as the start itself; what it calls is called here. A folder that is formatted stays as it is.
 *
 * javac --release 17 -g:none -proc:none -cp 'THE GROUP'S JARS' FormattedKafka.java
 */
public class FormattedKafka {
    private static final String CLUSTER_ID = "cm1xbGFiLWthZmthLTAwMQ";

    public static void main(String[] args) {
        String[] format = {"format", "--ignore-formatted", "--cluster-id", CLUSTER_ID, "--config", args[0]};
        int failed = StorageTool.execute(format, System.out);
        if (failed != 0) {
            System.exit(failed);
        }
        Kafka.main(args);
    }
}
