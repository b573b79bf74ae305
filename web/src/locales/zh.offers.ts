/** Words of the page of unknown devices in Chinese; en.offers.ts has the same keys. */
export const offers = {
  hint: "这些设备的数据已能识别，但尚未登记。接入后，已收到的数据立即成为它的第一批读数。",
  open: "待接入",
  dismissed: "已忽略",
  none: "没有待接入的设备",
  noValues: "暂无可识别的数值",
  heard: "收到 {n} 次，{first} 至 {last}",
  id: "设备编号",
  accept: "接入",
  dismiss: "忽略",
  again: "刷新",
  more: "显示更多",
  done: "{device} 已接入，补入 {n} 条读数",
};
