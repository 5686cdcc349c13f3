package rmqlab;

import org.apache.rocketmq.remoting.protocol.body.HARuntimeInfo;
import org.apache.rocketmq.store.DefaultMessageStore;

/**
 * What a broker says of its replication (GET_BROKER_HA_STATUS), and two positions in its commit log besides.
 *
 * No question of RocketMQ's answers them exactly: the runtime info has how much is not flushed as "1.4 MiB", and only
 * the metrics exporter, a port of its own, has it to the byte. Readers of the answer who do not know the two
 * fields skip them.
 */
public final class StorePositions extends HARuntimeInfo {
    private final long flushedOffset;
    private final long dispatchedOffset;

    StorePositions(HARuntimeInfo told, DefaultMessageStore store) {
        setMaster(told.isMaster());
        setMasterCommitLogMaxOffset(told.getMasterCommitLogMaxOffset());
        setInSyncSlaveNums(told.getInSyncSlaveNums());
        setHaConnectionInfo(told.getHaConnectionInfo());
        setHaClientRuntimeInfo(told.getHaClientRuntimeInfo());
        flushedOffset = store.getFlushedWhere();
        // what is behind is counted from the confirmed offset: ReputMessageService.behind
        dispatchedOffset = store.getConfirmOffset() - store.dispatchBehindBytes();
    }

    /** Up to where the commit log is on the disk: with a pool of buffers, what is in it is not. */
    public long getFlushedOffset() {
        return flushedOffset;
    }

    /** Up to where messages are in their consume queues: from there on no consumer sees them. */
    public long getDispatchedOffset() {
        return dispatchedOffset;
    }
}
