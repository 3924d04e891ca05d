// Azure's sizes that people's files name most; here they are kept, and the machine's own cores are used.
export const SIZES = ["Standard_DS2_v2", "Standard_DS3_v2", "Standard_DS11_v2", "Standard_D2_v2", "Standard_D4_v3", "Standard_E4ds_v4", "Standard_F4s_v2", "Standard_NC6s_v3"];
