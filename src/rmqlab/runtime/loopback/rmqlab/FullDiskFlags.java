package rmqlab;

import java.io.File;
import java.lang.reflect.Field;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.RunningFlags;

/**
 * A broker's own flags, whose disk is also full while a file named disk-full lies beside the store's folder.
 *
 * A broker refuses messages while DISK_FULL_BIT is set (HookUtils.checkBeforePutMessage), and answers as it does
 * for any full disk. CleanCommitLogService sets that bit when more than 90 % of the disk are used, a minute after
 * the start at the earliest; then it also deletes the oldest messages, which an exercise should not.
 */
final class FullDiskFlags extends RunningFlags {
    private static final int DISK_FULL_BIT = 1 << 4; // private in RunningFlags

    private final File order;

    private FullDiskFlags(File order) {
        this.order = order;
    }

    /** The flags stand in a protected final field, which is set here before the store starts. */
    static void putInto(DefaultMessageStore store) throws ReflectiveOperationException {
        File root = new File(store.getMessageStoreConfig().getStorePathRootDir());
        Field flags = DefaultMessageStore.class.getDeclaredField("runningFlags");
        flags.setAccessible(true);
        flags.set(store, new FullDiskFlags(new File(root.getAbsoluteFile().getParentFile(), "disk-full")));
    }

    @Override
    public boolean isWriteable() {
        return super.isWriteable() && !order.exists();
    }

    @Override
    public int getFlagBits() {
        return super.getFlagBits() | (order.exists() ? DISK_FULL_BIT : 0);
    }
}
